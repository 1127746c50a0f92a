// hilum.index/1 in C++: snapshots and resources that close themselves.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/index.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hilum {

namespace detail {

// Gives a C++ callable to a C enumeration. An exception stops the enumeration and goes on behind it.
template <typename Function>
struct Visitor {
  Function& function;
  std::exception_ptr error;

  template <typename... Args>
  static int32_t call(void* context, Args... args) {
    auto* self = static_cast<Visitor*>(context);
    try {
      self->function(args...);
      return 0;
    } catch (...) {
      self->error = std::current_exception();
      return 1;
    }
  }
  void rethrow() const {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

class Index;

// One patient, study, series or instance in a snapshot. Movable; one thread at a time. The texts that its
// functions give live as long as the resource, those given to callbacks until the callback returns.
class Resource {
 public:
  Resource(Host host, const hilum_index_v1& table, hilum_resource* resource)
      : host_(host), table_(&table), resource_(resource, table.close) {}

  hilum_resource* get() const { return resource_.get(); }
  uint32_t level() const { return table_->level(get()); }
  std::string_view id() const { return to_view(table_->id(get())); }

  Resource ancestor(uint32_t level) const {
    hilum_resource* out = nullptr;
    host_.check(table_->ancestor(get(), level, &out));
    return Resource(host_, *table_, out);
  }
  // on_id(std::string_view)
  template <typename Function>
  void descendants(uint32_t level, Function&& on_id) const {
    auto call = [&](hilum_text id) { on_id(to_view(id)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status =
        table_->descendants(get(), level, &decltype(visitor)::template call<hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  // on_tag(hilum_tag, bool is_sequence, std::string_view value)
  template <typename Function>
  void tags(uint32_t of_level, Function&& on_tag) const {
    auto call = [&](hilum_tag tag, uint32_t kind, hilum_text value) {
      on_tag(tag, kind == HILUM_VALUE_SEQUENCE, to_view(value));
    };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status = table_->tags(
        get(), of_level, &decltype(visitor)::template call<hilum_tag, uint32_t, hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  // on_metadata(int32_t key, std::string_view value, int64_t revision)
  template <typename Function>
  void metadata(Function&& on_metadata) const {
    auto call = [&](int32_t key, hilum_text value, int64_t revision) {
      on_metadata(key, to_view(value), revision);
    };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status =
        table_->metadata(get(), &decltype(visitor)::template call<int32_t, hilum_text, int64_t>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  // on_attachment(const hilum_attachment&)
  template <typename Function>
  void attachments(Function&& on_attachment) const {
    auto call = [&](const hilum_attachment* attachment) { on_attachment(*attachment); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status =
        table_->attachments(get(), &decltype(visitor)::template call<const hilum_attachment*>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  std::vector<std::string> labels() const {
    std::vector<std::string> labels;
    auto call = [&](hilum_text label) { labels.emplace_back(to_view(label)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status = table_->resource_labels(get(), &decltype(visitor)::template call<hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
    return labels;
  }
  hilum_statistics statistics() const {
    hilum_statistics statistics{};
    statistics.size = sizeof statistics;
    host_.check(table_->statistics(get(), &statistics));
    return statistics;
  }
  bool is_stable() const { return table_->is_stable(get()) != 0; }
  bool is_protected() const { return table_->is_protected(get()) != 0; }

 private:
  Host host_;
  const hilum_index_v1* table_;
  std::unique_ptr<hilum_resource, void (*)(hilum_resource*)> resource_;
};

// The index as it was when the snapshot was opened. Movable; usable from several threads at once. Keep it for
// one request.
class Snapshot {
 public:
  Snapshot(Host host, const hilum_index_v1& table, hilum_snapshot* snapshot)
      : host_(host), table_(&table), snapshot_(snapshot, table.snapshot_close) {}

  hilum_snapshot* get() const { return snapshot_.get(); }
  // Nothing if the id is unknown, or of another level than `level` (0: any).
  std::optional<Resource> find(std::string_view public_id, uint32_t level = 0) const {
    hilum_resource* out = nullptr;
    int32_t status = table_->open(snapshot_.get(), to_text(public_id), level, &out);
    if (status == HILUM_E_UNKNOWN_RESOURCE) return std::nullopt;
    host_.check(status);
    return Resource(host_, *table_, out);
  }
  // Ids of a level in the order of creation: on_id(std::string_view).
  template <typename Function>
  void list(uint32_t level, uint64_t since, uint64_t limit, Function&& on_id) const {
    auto call = [&](hilum_text id) { on_id(to_view(id)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status = table_->list(snapshot_.get(), level, since, limit,
                                  &decltype(visitor)::template call<hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  hilum_statistics totals() const {
    hilum_statistics totals{};
    totals.size = sizeof totals;
    host_.check(table_->totals(snapshot_.get(), &totals));
    return totals;
  }
  std::vector<std::string> labels(uint32_t level = 0) const {
    std::vector<std::string> labels;
    auto call = [&](hilum_text label) { labels.emplace_back(to_view(label)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t status =
        table_->labels(snapshot_.get(), level, &decltype(visitor)::template call<hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
    return labels;
  }

 private:
  Host host_;
  const hilum_index_v1* table_;
  std::unique_ptr<hilum_snapshot, void (*)(hilum_snapshot*)> snapshot_;
};

// What is left after a deletion; level 0: nothing.
struct RemainingAncestor {
  uint32_t level = 0;
  std::string id;
};

// The index service. Copyable; usable from every thread. Writes are durable when they return.
class Index {
 public:
  explicit Index(Host host) : host_(host), table_(&host.service<hilum_index_v1>(HILUM_INDEX_V1)) {}

  Snapshot snapshot() const {
    hilum_snapshot* out = nullptr;
    host_.check(table_->snapshot_open(host_.get(), &out));
    return Snapshot(host_, *table_, out);
  }
  int64_t set_metadata(std::string_view id, int32_t key, std::string_view value,
                       const hilum_condition* condition) const {
    int64_t revision = 0;
    host_.check(table_->set_metadata(host_.get(), to_text(id), key, to_text(value), condition, &revision));
    return revision;
  }
  void delete_metadata(std::string_view id, int32_t key, const hilum_condition* condition) const {
    host_.check(table_->delete_metadata(host_.get(), to_text(id), key, condition));
  }
  void add_label(std::string_view id, uint32_t level, std::string_view label) const {
    host_.check(table_->add_label(host_.get(), to_text(id), level, to_text(label)));
  }
  void remove_label(std::string_view id, uint32_t level, std::string_view label) const {
    host_.check(table_->remove_label(host_.get(), to_text(id), level, to_text(label)));
  }
  void set_protected(std::string_view patient, bool is_protected) const {
    host_.check(table_->set_protected(host_.get(), to_text(patient), is_protected ? 1 : 0));
  }
  RemainingAncestor delete_resource(std::string_view id, uint32_t level) const {
    RemainingAncestor remaining;
    char text[44];
    host_.check(table_->delete_resource(host_.get(), to_text(id), level, &remaining.level, text));
    if (remaining.level) remaining.id.assign(text, sizeof text);
    return remaining;
  }

 private:
  Host host_;
  const hilum_index_v1* table_;
};

}  // namespace hilum
