// hilum.query_filters/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/draft/query_filters.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hilum {

// Filters for the queries of the DICOM server. A member of the plugin's class; add only inside its constructor.
class QueryFilters {
 public:
  // Gives the query that it shall be (JSON, see the C header), or nothing to leave it; an exception refuses the query.
  // Several at once, on any thread.
  using Filter =
      std::function<std::optional<std::string>(const hilum_query_origin& origin, std::string_view query)>;

  explicit QueryFilters(Host host)
      : host_(host), table_(&host.service<hilum_query_filters_draft>(HILUM_QUERY_FILTERS_DRAFT)) {}
  QueryFilters(const QueryFilters&) = delete;
  QueryFilters& operator=(const QueryFilters&) = delete;

  // `kinds`: of hilum_query_kind.
  void add(uint32_t kinds, Filter filter) {
    filters_.push_back(Entry{host_, std::move(filter)});
    host_.check(table_->add(host_.get(), kinds, &QueryFilters::call, &filters_.back()));
  }

 private:
  struct Entry {
    Host host;
    Filter filter;
  };
  static int32_t call(void* context, const hilum_query_origin* origin, hilum_text query, hilum_sink changed) {
    auto* entry = static_cast<Entry*>(context);
    return entry->host.guard([&] {
      if (const std::optional<std::string> text = entry->filter(*origin, to_view(query))) {
        entry->host.check(changed.write(changed.context, text->data(), text->size()));
      }
    });
  }
  Host host_;
  const hilum_query_filters_draft* table_;
  std::deque<Entry> filters_;  // addresses stay valid
};

}  // namespace hilum
