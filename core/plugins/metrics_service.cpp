// hilum.metrics/1
#include <hilum/cpp/host.h>
#include <hilum/metrics.h>

#include <algorithm>
#include <limits>

#include "core/base/metrics.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

// https://prometheus.io/docs/concepts/data_model/
std::string_view metric_name(hilum_text text) {
  const std::string_view name = to_view(text);
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  };
  const auto allowed = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  if (name.empty() || name.size() > 255 || !letter(name[0]) ||
      !std::all_of(name.begin(), name.end(), allowed)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "\"" + std::string(name.substr(0, 255)) +
                                          "\" is not a name of a metric: [a-zA-Z_:][a-zA-Z0-9_:]*");
  }
  return name;
}

int32_t add(const hilum_host*, hilum_text name, uint64_t amount) {
  return guarded("hilum.metrics/1 add", [&] {
    const auto limit = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
    metrics().add(metric_name(name), static_cast<int64_t>(std::min(amount, limit)));
  });
}

int32_t set(const hilum_host*, hilum_text name, double value) {
  return guarded("hilum.metrics/1 set", [&] { metrics().set(metric_name(name), value); });
}

int32_t observe_ms(const hilum_host*, hilum_text name, double milliseconds) {
  return guarded("hilum.metrics/1 observe_ms",
                 [&] { metrics().observe_ms(metric_name(name), milliseconds); });
}

const hilum_metrics_v1 kTable = {&add, &set, &observe_ms};

}  // namespace

const void* metrics_table() { return &kTable; }

}  // namespace hilum::plugins
