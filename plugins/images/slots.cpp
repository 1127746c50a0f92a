#include "slots.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace hilum::images {

namespace {

constexpr std::chrono::seconds kLongestWait{10};
constexpr unsigned kMostWaiting = 24;  // about half of the threads that serve requests by default

Error busy() { return Error(HILUM_E_BUSY, "too many images are being decoded"); }

}  // namespace

Slots::Slots() : free_(std::max(4u, std::thread::hardware_concurrency())) {}

Slots::Holder::Holder(Slots& slots) : slots_(slots) {
  std::unique_lock lock(slots.mutex_);
  if (slots.free_ == 0 && slots.waiting_ == kMostWaiting) throw busy();
  ++slots.waiting_;
  const bool is_free = slots.freed_.wait_for(lock, kLongestWait, [&] { return slots.free_ > 0; });
  --slots.waiting_;
  if (!is_free) throw busy();
  --slots.free_;
}

Slots::Holder::~Holder() {
  {
    const std::lock_guard lock(slots_.mutex_);
    ++slots_.free_;
  }
  slots_.freed_.notify_one();
}

}  // namespace hilum::images
