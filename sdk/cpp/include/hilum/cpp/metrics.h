// hilum.metrics/1 in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/metrics.h>

namespace hilum {

// Numbers for operators. Copyable; usable from every thread. Names as Prometheus has them, with the unit at
// their end.
class Metrics {
 public:
  explicit Metrics(Host host) : host_(host), table_(&host.service<hilum_metrics_v1>(HILUM_METRICS_V1)) {}
  void add(std::string_view name, uint64_t amount = 1) const {
    host_.check(table_->add(host_.get(), to_text(name), amount));
  }
  void set(std::string_view name, double value) const {
    host_.check(table_->set(host_.get(), to_text(name), value));
  }
  void observe_ms(std::string_view name, double milliseconds) const {
    host_.check(table_->observe_ms(host_.get(), to_text(name), milliseconds));
  }

 private:
  Host host_;
  const hilum_metrics_v1* table_;
};

}  // namespace hilum
