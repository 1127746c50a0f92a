#include "core/index/log_page.h"

#include <algorithm>

namespace hilum::index {

namespace {

// What one page may still hold and pass over.
class Budget {
 public:
  explicit Budget(const LogQuery& query) : rows_(query.limit), passed_over_(query.most_passed_over) {}
  bool take(bool fits) {
    uint64_t& left = fits ? rows_ : passed_over_;
    return left > 0 && left-- > 0;
  }

 private:
  uint64_t rows_;
  uint64_t passed_over_;
};

template <typename Row>
struct Log {
  using Visit = std::function<bool(const Row&)>;
  void (Snapshot::*forwards)(int64_t since, const Visit&) const;
  void (Snapshot::*backwards)(int64_t to, const Visit&) const;
  std::function<bool(const Row&)> fits;

  LogPage read_forwards(const Snapshot& snapshot, const LogQuery& query, const Visit& visit) const {
    LogPage page;
    Budget budget(query);
    (snapshot.*forwards)(query.since, [&](const Row& row) {
      if (row.sequence > query.to) {
        return false;
      }
      const bool is_wanted = fits(row);
      if (!budget.take(is_wanted) || (is_wanted && !visit(row))) {
        page.is_complete = false;
        return false;
      }
      page.first = page.first ? page.first : row.sequence;
      page.last = row.sequence;
      return true;
    });
    return page;
  }

  // Where the last rows begin, without keeping them: a page may be as long as the log.
  // `*rows` becomes the query for the rows themselves.
  LogPage find_end(const Snapshot& snapshot, const LogQuery& query, LogQuery* rows) const {
    LogPage page;
    rows->limit = 0;
    Budget budget(query);
    (snapshot.*backwards)(query.to, [&](const Row& row) {
      if (row.sequence <= query.since) {
        return false;
      }
      const bool is_wanted = fits(row);
      if (!budget.take(is_wanted)) {
        page.is_complete = false;
        return false;
      }
      page.first = row.sequence;
      page.last = page.last ? page.last : row.sequence;
      if (is_wanted) {
        rows->since = row.sequence - 1;
        rows->to = rows->limit++ == 0 ? row.sequence : rows->to;
      }
      return true;
    });
    return page;
  }

  LogPage read(const Snapshot& snapshot, const LogQuery& query, const Visit& visit) const {
    if (!query.from_end) {
      return read_forwards(snapshot, query, visit);
    }
    LogQuery rows = query;
    LogPage page = find_end(snapshot, query, &rows);
    if (rows.limit > 0) {
      page.is_complete = read_forwards(snapshot, rows, visit).is_complete && page.is_complete;
    }
    return page;
  }
};

}  // namespace

LogPage read_changes(const Snapshot& snapshot, const LogQuery& query,
                     const std::function<bool(const Change&)>& visit) {
  const Log<Change> log{&Snapshot::changes, &Snapshot::changes_backwards, [&](const Change& change) {
                          return query.types.empty() ||
                                 std::binary_search(query.types.begin(), query.types.end(),
                                                    static_cast<uint16_t>(change.type));
                        }};
  return log.read(snapshot, query, visit);
}

LogPage read_exports(const Snapshot& snapshot, const LogQuery& query,
                     const std::function<bool(const Export&)>& visit) {
  const Log<Export> log{&Snapshot::exports, &Snapshot::exports_backwards, [](const Export&) { return true; }};
  return log.read(snapshot, query, visit);
}

}  // namespace hilum::index
