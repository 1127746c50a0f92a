// Figures about the running server: counters, gauges and durations by name.
//
//   static Counter& stored = metrics().counter("hilum_instances_stored");   // look up once, keep the
//   reference stored.add(1); ScopedTimer timer(metrics().timer("orthanc_rest_api_duration_ms"));     //
//   measures to the end of the scope
//
// Handles stay valid for the life of the process. All functions may be called from every thread; updates are
// a few relaxed atomic operations. Who prints them (Prometheus text) asks for list().
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

// Durations in milliseconds: count, sum, maximum, the last one, and how many were at most each bound.
class Timer {
 public:
  static constexpr std::array<double, 12> kBoundsMs = {0.1, 0.5, 1,    5,    10,    50,
                                                       100, 500, 1000, 5000, 10000, 60000};

  void observe_ms(double milliseconds);
  int64_t count() const { return count_.load(std::memory_order_relaxed); }
  double sum_ms() const { return sum_.load(std::memory_order_relaxed); }
  double max_ms() const { return max_.load(std::memory_order_relaxed); }
  double last_ms() const { return last_.load(std::memory_order_relaxed); }
  // Number of observations at most kBoundsMs[i] (cumulative, as in Prometheus).
  int64_t at_most(size_t i) const;

 private:
  std::atomic<int64_t> count_{0};
  std::atomic<double> sum_{0};
  std::atomic<double> max_{0};
  std::atomic<double> last_{0};
  std::array<std::atomic<int64_t>, kBoundsMs.size() + 1> buckets_{};
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
  int64_t time_ms = 0;  // Unix time at which it was read
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

}  // namespace hilum
