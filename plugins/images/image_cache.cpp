#include "image_cache.h"

#include <algorithm>
#include <utility>

namespace hilum::images {

namespace {

constexpr uint64_t kMaximumFrames = 10000;
constexpr uint32_t kMaximumHeader = 64 << 10;

bool is_worth_keeping(const ImageFacts& facts) {
  if (!facts.frames || facts.frames->count() < 2 || facts.frames->count() > kMaximumFrames) return false;
  return facts.header.data_set().calcElementLength(EXS_LittleEndianExplicit, EET_ExplicitLength) <=
         kMaximumHeader;
}

}  // namespace

std::unique_ptr<ImageFacts> ImageCache::take(std::string_view uuid) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) { return entry.uuid == uuid; });
  if (found == entries_.end()) return nullptr;
  std::unique_ptr<ImageFacts> facts = std::move(found->facts);
  entries_.erase(found);
  return facts;
}

void ImageCache::put(std::string_view uuid, std::unique_ptr<ImageFacts> facts) {
  if (uuid.empty() || !is_worth_keeping(*facts)) return;
  facts->file = nullptr;
  std::list<Entry> dropped;  // destroyed after the lock
  const std::lock_guard lock(mutex_);
  entries_.push_front({std::string(uuid), std::move(facts)});
  if (entries_.size() > kEntries) dropped.splice(dropped.begin(), entries_, std::prev(entries_.end()));
}

}  // namespace hilum::images
