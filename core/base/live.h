// A setting that may change while others read it.
#pragma once

#include <atomic>

namespace hilum {

// Reads and writes like a T, from every thread. A copy is a setting of its own with the present value.
template <typename T>
class Live {
 public:
  Live(T value) : value_(value) {}  // NOLINT: stands where a T stood
  Live(const Live& other) : value_(other.get()) {}
  Live& operator=(const Live& other) {
    set(other.get());
    return *this;
  }
  operator T() const { return get(); }  // NOLINT: the same
  T get() const { return value_.load(std::memory_order_relaxed); }
  void set(T value) { value_.store(value, std::memory_order_relaxed); }

 private:
  std::atomic<T> value_;
};

}  // namespace hilum
