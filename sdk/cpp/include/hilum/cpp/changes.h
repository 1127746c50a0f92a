// hilum.changes/1 in C++.
#pragma once

#include <hilum/changes.h>
#include <hilum/cpp/host.h>
#include <hilum/cpp/index.h>

#include <limits>
#include <vector>

namespace hilum {

// Which rows of a log: see hilum_log_query.
struct LogQuery {
  int64_t since = 0;
  int64_t to = std::numeric_limits<int64_t>::max();
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  bool from_end = false;
  std::vector<uint32_t> types = {};  // of changes; empty: all
};

// How far a page has come: see hilum_log_page.
struct LogPage {
  bool is_complete = false;
  int64_t first = 0, last = 0;
};

// The logs of changes and exports. Copyable; usable from every thread. Writes are durable when they return.
class Changes {
 public:
  explicit Changes(Host host) : host_(host), table_(&host.service<hilum_changes_v1>(HILUM_CHANGES_V1)) {}

  // on_change(const hilum_event&)
  template <typename Function>
  LogPage changes(const Snapshot& snapshot, const LogQuery& query, Function&& on_change) const {
    auto call = [&](const hilum_event* change) { on_change(*change); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    return page(query, visitor, [&](const hilum_log_query& asked, hilum_log_page& found) {
      return table_->changes(snapshot.get(), &asked, &decltype(visitor)::template call<const hilum_event*>,
                             &visitor, &found);
    });
  }
  int64_t last_change(const Snapshot& snapshot) const { return table_->last_change(snapshot.get()); }
  void clear_changes() const { host_.check(table_->clear_changes(host_.get())); }

  // on_export(const hilum_export&)
  template <typename Function>
  LogPage exports(const Snapshot& snapshot, const LogQuery& query, Function&& on_export) const {
    auto call = [&](const hilum_export* row) { on_export(*row); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    return page(query, visitor, [&](const hilum_log_query& asked, hilum_log_page& found) {
      return table_->exports(snapshot.get(), &asked, &decltype(visitor)::template call<const hilum_export*>,
                             &visitor, &found);
    });
  }
  // The sequence of the new row; 0 if exports are not logged.
  int64_t log_export(std::string_view public_id, std::string_view remote) const {
    int64_t sequence = 0;
    host_.check(table_->log_export(host_.get(), to_text(public_id), to_text(remote), &sequence));
    return sequence;
  }
  void clear_exports() const { host_.check(table_->clear_exports(host_.get())); }

 private:
  template <typename Visitor, typename Read>
  LogPage page(const LogQuery& query, const Visitor& visitor, Read&& read) const {
    hilum_log_query asked{};
    asked.size = sizeof asked;
    asked.from_end = query.from_end ? 1 : 0;
    asked.since = query.since;
    asked.to = query.to;
    asked.limit = query.limit;
    asked.types = query.types.data();
    asked.type_count = query.types.size();
    hilum_log_page found{};
    found.size = sizeof found;
    int32_t status = read(asked, found);
    visitor.rethrow();
    host_.check(status);
    return {found.is_complete != 0, found.first, found.last};
  }

  Host host_;
  const hilum_changes_v1* table_;
};

}  // namespace hilum
