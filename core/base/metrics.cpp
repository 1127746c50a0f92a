#include "core/base/metrics.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <cmath>

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

// Threads are spread over the shards in the order in which they first measure something.
size_t shard_of_thread(size_t shards) {
  static std::atomic<size_t> next{0};
  static thread_local const size_t number = next.fetch_add(1, std::memory_order_relaxed);
  return number % shards;
}

// Up to 9 significant digits, as clients are used to; sums that have grown large need more.
std::string number_text(double value) {
  constexpr double kLarge = 1e6;
  constexpr double kExact = 1e15;
  const double size = std::abs(value);
  if (size < kExact && value == std::floor(value)) {
    return fmt::format("{:.0f}", value);
  }
  return size < kLarge ? fmt::format("{:.9g}", value) : fmt::format("{:.15g}", value);
}

void append_line(std::string& text, std::string_view name, std::string_view labels, double value,
                 int64_t time_ms) {
  text += name;
  if (!labels.empty()) {
    text.append("{").append(labels).append("}");
  }
  text.append(" ").append(number_text(value)).append(" ").append(std::to_string(time_ms)).append("\n");
}

void append_histogram(std::string& text, const MetricValue& timer, const std::string& name,
                      const std::string& labels) {
  const std::string start = labels.empty() ? labels : labels + ",";
  for (size_t i = 0; i < timer.at_most.size(); ++i) {
    append_line(text, name + "_bucket", fmt::format("{}le=\"{}\"", start, Timer::kBoundsMs[i]),
                static_cast<double>(timer.at_most[i]), timer.time_ms);
  }
  const auto count = static_cast<double>(timer.count);
  append_line(text, name + "_bucket", start + "le=\"+Inf\"", count, timer.time_ms);
  append_line(text, name + "_count", labels, count, timer.time_ms);
  append_line(text, name + "_sum", labels, timer.sum_ms, timer.time_ms);
}

}  // namespace

void Gauge::add(double amount) { atomic_add(value_, amount); }

void Timer::observe_ms(double milliseconds) {
  size_t bucket = 0;
  while (bucket < kBoundsMs.size() && milliseconds > kBoundsMs[bucket]) {
    ++bucket;
  }
  Shard& shard = shards_[shard_of_thread(kShards)];
  const double limited = std::min(std::max(0.0, milliseconds), 1e12);  // NaN becomes 0
  const auto nanoseconds = static_cast<int64_t>(limited * 1e6);
  shard.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
  shard.sum_ns.fetch_add(nanoseconds, std::memory_order_relaxed);
  int64_t seen = shard.max_ns.load(std::memory_order_relaxed);
  while (seen < nanoseconds &&
         !shard.max_ns.compare_exchange_weak(seen, nanoseconds, std::memory_order_relaxed)) {
  }
  last_.store(milliseconds, std::memory_order_relaxed);
}

int64_t Timer::count() const { return at_most(kBoundsMs.size()); }

double Timer::sum_ms() const {
  int64_t total = 0;
  for (const Shard& shard : shards_) {
    total += shard.sum_ns.load(std::memory_order_relaxed);
  }
  return static_cast<double>(total) / 1e6;
}

double Timer::max_ms() const {
  int64_t longest = 0;
  for (const Shard& shard : shards_) {
    longest = std::max(longest, shard.max_ns.load(std::memory_order_relaxed));
  }
  return static_cast<double>(longest) / 1e6;
}

int64_t Timer::at_most(size_t i) const {
  int64_t total = 0;
  for (const Shard& shard : shards_) {
    for (size_t bucket = 0; bucket <= i && bucket < shard.buckets.size(); ++bucket) {
      total += shard.buckets[bucket].load(std::memory_order_relaxed);
    }
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
      MetricValue value{
          name, MetricValue::Kind::kTimer, timer.last_ms(), timer.count(), timer.sum_ms(), timer.max_ms(),
          now};
      for (size_t i = 0; i < value.at_most.size(); ++i) {
        value.at_most[i] = std::min(timer.at_most(i), value.count);  // others go on counting
      }
      values.push_back(std::move(value));
    }
  }
  return values;
}

std::string prometheus_text(const std::vector<MetricValue>& values) {
  std::string text;
  for (const MetricValue& value : values) {
    const size_t brace = value.name.find('{');
    const std::string name = value.name.substr(0, brace);
    const std::string labels =
        brace == std::string::npos ? "" : value.name.substr(brace + 1, value.name.size() - brace - 2);
    append_line(text, name, labels, value.value, value.time_ms);
    if (value.kind == MetricValue::Kind::kTimer) {
      append_histogram(text, value, name, labels);
    }
  }
  return text;
}

Metrics& metrics() {
  static Metrics& registry = *new Metrics;  // never destroyed: threads may count until the process ends
  return registry;
}

}  // namespace hilum
