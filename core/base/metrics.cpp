#include "core/base/metrics.h"

#include <hilum/cpp/error.h>

namespace hilum {
namespace {

void atomic_add(std::atomic<double>& target, double amount) {
  double seen = target.load(std::memory_order_relaxed);
  while (!target.compare_exchange_weak(seen, seen + amount, std::memory_order_relaxed)) {
  }
}

int64_t unix_time_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

void Gauge::add(double amount) { atomic_add(value_, amount); }

void Timer::observe_ms(double milliseconds) {
  size_t bucket = 0;
  while (bucket < kBoundsMs.size() && milliseconds > kBoundsMs[bucket]) {
    ++bucket;
  }
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  count_.fetch_add(1, std::memory_order_relaxed);
  last_.store(milliseconds, std::memory_order_relaxed);
  atomic_add(sum_, milliseconds);
  double seen = max_.load(std::memory_order_relaxed);
  while (seen < milliseconds && !max_.compare_exchange_weak(seen, milliseconds, std::memory_order_relaxed)) {
  }
}

int64_t Timer::at_most(size_t i) const {
  int64_t total = 0;
  for (size_t bucket = 0; bucket <= i && bucket < buckets_.size(); ++bucket) {
    total += buckets_[bucket].load(std::memory_order_relaxed);
  }
  return total;
}

template <typename T>
T& Metrics::find_or_create(std::string_view name, std::unique_ptr<T> Entry::*member) {
  const std::lock_guard lock(mutex_);
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    found = entries_.emplace(std::string(name), Entry{}).first;
    found->second.*member = std::make_unique<T>();
  }
  if (!(found->second.*member)) {
    throw Error(HILUM_E_BAD_TYPE, "metric " + std::string(name) + " exists already with another kind");
  }
  return *(found->second.*member);
}

Counter& Metrics::counter(std::string_view name) { return find_or_create(name, &Entry::counter); }
Gauge& Metrics::gauge(std::string_view name) { return find_or_create(name, &Entry::gauge); }
Timer& Metrics::timer(std::string_view name) { return find_or_create(name, &Entry::timer); }

std::vector<MetricValue> Metrics::list() const {
  std::vector<MetricValue> values;
  if (!enabled()) {
    return values;
  }
  const int64_t now = unix_time_ms();
  const std::lock_guard lock(mutex_);
  values.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) {
    if (entry.counter) {
      const auto value = static_cast<double>(entry.counter->value());
      values.push_back({name, MetricValue::Kind::kCounter, value, 0, 0, 0, now});
    } else if (entry.gauge) {
      values.push_back({name, MetricValue::Kind::kGauge, entry.gauge->value(), 0, 0, 0, now});
    } else if (const Timer& timer = *entry.timer; timer.count() > 0) {
      values.push_back({name, MetricValue::Kind::kTimer, timer.last_ms(), timer.count(), timer.sum_ms(),
                        timer.max_ms(), now});
    }
  }
  return values;
}

Metrics& metrics() {
  static Metrics& registry = *new Metrics;  // never destroyed: threads may count until the process ends
  return registry;
}

}  // namespace hilum
