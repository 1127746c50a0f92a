// Figures about the running server: counters, gauges and durations by name.
//
//   static Counter& stored = metrics().counter("hilum_instances_stored");  // look up once, keep the reference
//   stored.add(1);
//   ScopedTimer timer(metrics().timer("orthanc_rest_api_duration_ms"));    // measures to the end of the scope
//
// A name may carry labels as Prometheus writes them, without blanks: `hilum_rest_duration_ms{family="tools"}`.
// Handles stay valid for the life of the process. All functions may be called from every thread; updates are
// a few relaxed atomic operations. prometheus_text() prints what list() reports.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hilum {

// A number that only grows.
class Counter {
 public:
  void add(int64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

// A number that is set, or goes up and down.
class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double amount);
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Durations in milliseconds: count, sum, maximum, the last one, and how many were at most each bound. Threads
// count in a few places of their own, so that they do not take cache lines from each other.
class Timer {
 public:
  static constexpr std::array<double, 18> kBoundsMs = {0.01, 0.05, 0.1, 0.25, 0.5, 1,    2.5,  5,     10,
                                                       25,   50,   100, 250,  500, 1000, 2500, 10000, 60000};

  void observe_ms(double milliseconds);
  int64_t count() const;
  double sum_ms() const;
  double max_ms() const;
  double last_ms() const { return last_.load(std::memory_order_relaxed); }
  // Number of observations at most kBoundsMs[i] (cumulative, as in Prometheus).
  int64_t at_most(size_t i) const;

 private:
  static constexpr size_t kShards = 8;
  struct alignas(64) Shard {
    std::array<std::atomic<int64_t>, kBoundsMs.size() + 1> buckets{};
    std::atomic<int64_t> sum_ns{0};
    std::atomic<int64_t> max_ns{0};
  };
  std::array<Shard, kShards> shards_{};
  std::atomic<double> last_{0};
};

// Measures the life of the object.
class ScopedTimer {
 public:
  explicit ScopedTimer(Timer& timer) : timer_(timer), start_(std::chrono::steady_clock::now()) {}
  ~ScopedTimer() {
    timer_.observe_ms(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count());
  }
  ScopedTimer(const ScopedTimer&) = delete;
  ScopedTimer& operator=(const ScopedTimer&) = delete;

 private:
  Timer& timer_;
  std::chrono::steady_clock::time_point start_;
};

// One metric as list() reports it.
struct MetricValue {
  enum class Kind { kCounter, kGauge, kTimer };
  std::string name;
  Kind kind;
  double value;       // counter, gauge: the value; timer: the last duration in ms
  int64_t count = 0;  // timers only, from here on
  double sum_ms = 0;
  double max_ms = 0;
  int64_t time_ms = 0;                                     // Unix time at which it was read
  std::array<int64_t, Timer::kBoundsMs.size()> at_most{};  // as Timer::at_most
};

class Metrics {
 public:
  // The metric of that name, created on first use. The same name with another kind: Error(HILUM_E_BAD_TYPE).
  Counter& counter(std::string_view name);
  Gauge& gauge(std::string_view name);
  Timer& timer(std::string_view name);

  // The same by name, for rare events: one lookup under a lock.
  void add(std::string_view name, int64_t amount = 1) { counter(name).add(amount); }
  void set(std::string_view name, double value) { gauge(name).set(value); }
  void observe_ms(std::string_view name, double milliseconds) { timer(name).observe_ms(milliseconds); }

  // Off (MetricsEnabled, /tools/metrics): list() is empty; updates go on, for they cost next to nothing.
  void set_enabled(bool enabled) { enabled_.store(enabled, std::memory_order_relaxed); }
  bool enabled() const { return enabled_.load(std::memory_order_relaxed); }

  // All metrics, sorted by name; timers that never ran are left out.
  std::vector<MetricValue> list() const;

 private:
  struct Entry {
    std::unique_ptr<Counter> counter;
    std::unique_ptr<Gauge> gauge;
    std::unique_ptr<Timer> timer;
  };
  template <typename T>
  T& find_or_create(std::string_view name, std::unique_ptr<T> Entry::*member);

  mutable std::mutex mutex_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::atomic<bool> enabled_{true};
};

// The registry of the process.
Metrics& metrics();

// One line `name value time` per figure (https://prometheus.io/docs/instrumenting/exposition_formats/). A timer
// has its last duration under its own name and a histogram under name_bucket, name_sum and name_count.
std::string prometheus_text(const std::vector<MetricValue>& values);

}  // namespace hilum
