// hilum.query_filters/draft
#include <hilum/draft/query_filters.h>

#include "core/plugins/convert.h"
#include "core/plugins/dicom_handlers.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr uint64_t kLongestQuery = uint64_t{16} << 20;  // of JSON

// What a filter writes.
class Changed {
 public:
  hilum_sink sink() { return {this, &Changed::append}; }
  std::optional<std::string>& text() { return text_; }

 private:
  static int32_t append(void* context, const void* data, uint64_t size) {
    return guarded("hilum.query_filters/draft changed", [&] {
      auto& text = static_cast<Changed*>(context)->text_;
      if (!text) {
        text.emplace();
      }
      if (size > kLongestQuery - text->size()) {
        throw Error(HILUM_E_TOO_LARGE, "a query of more than " + std::to_string(kLongestQuery) + " bytes");
      }
      if (size > 0) {
        text->append(&required(static_cast<const char*>(data), "data"), static_cast<size_t>(size));
      }
    });
  }
  std::optional<std::string> text_;
};

std::optional<std::string> ask(Plugin& plugin, hilum_query_filter filter, void* context,
                               dimse::QueryKind kind, const dimse::Peer& peer, const std::string& query) {
  const char* what = "a query filter";
  hilum_query_origin origin{};
  origin.size = sizeof origin;
  origin.kind = static_cast<uint32_t>(kind);
  origin.remote_aet = to_text(peer.calling_aet);
  origin.called_aet = to_text(peer.called_aet);
  origin.remote_ip = to_text(peer.address);
  Changed changed;
  const int32_t status =
      plugin.enter(what, [&] { return filter(context, &origin, to_text(query), changed.sink()); });
  if (status != HILUM_OK) {
    plugin.throw_status(what, status);
  }
  return std::move(changed.text());
}

int32_t add(const hilum_host* host, uint32_t kinds, hilum_query_filter filter, void* context) {
  return guarded("hilum.query_filters/draft add", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.query_filters/draft add");
    required(filter, "filter");
    if (kinds == 0 || (kinds & ~uint32_t{HILUM_QUERY_FIND | HILUM_QUERY_WORKLIST}) != 0) {
      throw Error(HILUM_E_OUT_OF_RANGE, "kinds is " + std::to_string(kinds));
    }
    add_handler(plugin, &dimse::Handlers::query_filters,
                [kinds, filter, context](std::shared_ptr<Plugin> self) {
                  return [self = std::move(self), kinds, filter, context](
                             dimse::QueryKind kind, const dimse::Peer& peer,
                             const std::string& query) -> std::optional<std::string> {
                    if ((static_cast<uint32_t>(kind) & kinds) == 0) {
                      return std::nullopt;
                    }
                    return ask(*self, filter, context, kind, peer, query);
                  };
                });
  });
}

const hilum_query_filters_draft kTable = {&add};

}  // namespace

const void* query_filters_table() { return &kTable; }

}  // namespace hilum::plugins
