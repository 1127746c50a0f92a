#include "slots.h"

#include <algorithm>
#include <thread>
#include <utility>

namespace hilum::images {

Slots::Slots() : free_(std::max(4u, std::thread::hardware_concurrency())) {}

Slots::Holder::Holder(Slots& slots) : slots_(&slots) {
  std::unique_lock lock(slots.mutex_);
  slots.freed_.wait(lock, [&] { return slots.free_ > 0; });
  --slots.free_;
}

void Slots::Holder::release() {
  Slots* slots = std::exchange(slots_, nullptr);
  if (slots == nullptr) return;
  {
    const std::lock_guard lock(slots->mutex_);
    ++slots->free_;
  }
  slots->freed_.notify_one();
}

}  // namespace hilum::images
