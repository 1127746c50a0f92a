// hilum.query/draft in C++.
#pragma once

#include <hilum/cpp/index.h>
#include <hilum/draft/query.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hilum {

// A query that owns its texts.
struct IndexQuery {
  struct TagConstraint {
    hilum_tag tag;
    std::string value;
  };
  struct MetadataConstraint {
    int32_t key;
    std::string value;
  };

  uint32_t level = HILUM_STUDY;
  uint32_t flags = 0;  // hilum_query_flag
  hilum_label_rule label_rule = HILUM_LABELS_ALL;
  std::vector<TagConstraint> tags;
  std::vector<MetadataConstraint> metadata;
  std::vector<std::string> labels;
  std::vector<std::string> parents;
  std::vector<hilum_ordering> orderings;
  uint64_t since = 0;
  uint64_t limit = UINT64_MAX;
};

// What the query service knows of a tag at a level.
enum class TagPlace : int32_t { kNowhere = 0, kHereOrAbove = 1, kBelow = 2 };

// The query service. Copyable; usable from every thread.
class QueryService {
 public:
  explicit QueryService(Host host)
      : host_(host), table_(&host.service<hilum_query_draft>(HILUM_QUERY_DRAFT)) {}

  // on_match(std::string_view id, bool certain) returns false to stop.
  template <typename Function>
  void find(const Snapshot& snapshot, const IndexQuery& query, Function&& on_match) const {
    struct Visitor {
      Function& function;
      std::exception_ptr error;
      static int32_t call(void* context, hilum_text id, int32_t certain) {
        auto* self = static_cast<Visitor*>(context);
        try {
          return self->function(to_view(id), certain != 0) ? 0 : 1;
        } catch (...) {
          self->error = std::current_exception();
          return 1;
        }
      }
    } visitor{on_match, {}};
    const Borrowed borrowed(query);
    const int32_t status = table_->find(snapshot.get(), &borrowed.query, &Visitor::call, &visitor);
    if (visitor.error) std::rethrow_exception(visitor.error);
    host_.check(status);
  }

  struct Count {
    uint64_t certain = 0, doubtful = 0;
  };
  Count count(const Snapshot& snapshot, const IndexQuery& query) const {
    Count count;
    const Borrowed borrowed(query);
    host_.check(table_->count(snapshot.get(), &borrowed.query, &count.certain, &count.doubtful));
    return count;
  }

  struct Resource {
    uint32_t level;
    std::string id;
  };
  std::vector<Resource> lookup(const Snapshot& snapshot, std::string_view identifier) const {
    std::vector<Resource> found;
    auto call = [&](uint32_t level, hilum_text id) { found.push_back({level, std::string(to_view(id))}); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    const int32_t status = table_->lookup(snapshot.get(), to_text(identifier),
                                          &decltype(visitor)::template call<uint32_t, hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
    return found;
  }

  TagPlace place_of(uint32_t level, hilum_tag tag) const {
    return static_cast<TagPlace>(table_->is_main_tag(host_.get(), level, tag));
  }

 private:
  // The query as the ABI takes it; points into the IndexQuery.
  struct Borrowed {
    explicit Borrowed(const IndexQuery& from) {
      for (const auto& [tag, value] : from.tags) tags.push_back({tag, 0, to_text(value)});
      for (const auto& [key, value] : from.metadata) metadata.push_back({key, 0, to_text(value)});
      for (const std::string& label : from.labels) labels.push_back(to_text(label));
      for (const std::string& parent : from.parents) parents.push_back(to_text(parent));
      query.size = sizeof query;
      query.level = from.level;
      query.flags = from.flags;
      query.label_rule = from.label_rule;
      query.tags = tags.data();
      query.tag_count = tags.size();
      query.metadata = metadata.data();
      query.metadata_count = metadata.size();
      query.labels = labels.data();
      query.label_count = labels.size();
      query.parents = parents.data();
      query.parent_count = parents.size();
      query.orderings = from.orderings.data();
      query.ordering_count = from.orderings.size();
      query.since = from.since;
      query.limit = from.limit;
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;

    std::vector<hilum_tag_constraint> tags;
    std::vector<hilum_metadata_constraint> metadata;
    std::vector<hilum_text> labels, parents;
    hilum_query query{};
  };

  Host host_;
  const hilum_query_draft* table_;
};

}  // namespace hilum
