#include "core/index/id_set.h"

#include <algorithm>

namespace hilum::index {

void IdSet::insert(ResourceId id) {
  if (!pages_.empty()) {
    insert_bit(id);
    return;
  }
  list_.push_back(id);
  if (list_.size() > kListed) {
    for (const ResourceId listed : list_) {
      insert_bit(listed);
    }
    list_ = {};
  }
}

void IdSet::insert_bit(ResourceId id) {
  const size_t page = id >> kPageShift;
  if (page >= pages_.size()) {
    pages_.resize(page + 1);
  }
  if (!pages_[page]) {
    pages_[page] = std::make_unique<Page>();
  }
  const ResourceId bit = id & ((1u << kPageShift) - 1);
  (*pages_[page])[bit / 64] |= uint64_t{1} << (bit % 64);
}

bool IdSet::walk_list(ResourceId from, const std::function<bool(ResourceId)>& visit) {
  std::sort(list_.begin(), list_.end());
  list_.erase(std::unique(list_.begin(), list_.end()), list_.end());
  return std::all_of(std::lower_bound(list_.begin(), list_.end(), from), list_.end(), visit);
}

void IdSet::walk(ResourceId from, const std::function<bool(ResourceId)>& visit) {
  if (!walk_list(from, visit)) {
    return;
  }
  for (size_t page = from >> kPageShift; page < pages_.size(); ++page) {
    if (!pages_[page]) {
      continue;
    }
    for (size_t word = 0; word < pages_[page]->size(); ++word) {
      for (uint64_t bits = (*pages_[page])[word]; bits != 0; bits &= bits - 1) {
        const ResourceId id = (page << kPageShift) + 64 * word + static_cast<unsigned>(__builtin_ctzll(bits));
        if (id >= from && !visit(id)) {
          return;
        }
      }
    }
  }
}

}  // namespace hilum::index
