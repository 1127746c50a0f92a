#include "core/index/overlay.h"

#include <utility>

namespace hilum::index {

bool Overlay::get(std::string_view key, std::string* value) const {
  const auto it = entries_.find(key);
  if (it == entries_.end()) {
    return store_.get(key, value);
  }
  if (it->second.erased) {
    return false;
  }
  *value = it->second.value;
  return true;
}

void Overlay::scan(std::string_view prefix, std::string_view from,
                   const std::function<bool(std::string_view, std::string_view)>& visit) const {
  const auto inside = [&](std::string_view key) { return key.substr(0, prefix.size()) == prefix; };
  // A scan inside a scan makes an iterator of its own.
  std::unique_ptr<KvIterator> stored =
      idle_iterator_ ? std::move(idle_iterator_) : store_.snapshot()->iterate();
  stored->seek(from);
  auto changed = entries_.lower_bound(from);
  for (bool go_on = true; go_on;) {
    const bool in_store = stored->valid() && inside(stored->key());
    const bool in_changes = changed != entries_.end() && inside(changed->first);
    if (in_changes && (!in_store || changed->first <= stored->key())) {
      if (in_store && changed->first == stored->key()) {
        stored->next();
      }
      if (!changed->second.erased) {
        go_on = visit(changed->first, changed->second.value);
      }
      ++changed;
    } else if (in_store) {
      go_on = visit(stored->key(), stored->value());
      stored->next();
    } else {
      break;
    }
  }
  idle_iterator_ = std::move(stored);
}

void Overlay::change(std::string key, std::string value, bool erased, bool fresh) {
  const auto [it, made] = entries_.try_emplace(std::move(key));
  if (made) {
    it->second = {std::move(value), erased, fresh};
    undo_.push_back({it, std::nullopt});
    return;
  }
  fresh = it->second.fresh;
  undo_.push_back({it, std::exchange(it->second, {std::move(value), erased, fresh})});
}

void Overlay::roll_back(size_t savepoint) {
  while (undo_.size() > savepoint) {
    Undo& undo = undo_.back();
    if (undo.before) {
      undo.at->second = *std::move(undo.before);
    } else {
      entries_.erase(undo.at);
    }
    undo_.pop_back();
  }
}

void Overlay::take(KvBatch* batch) {
  undo_.clear();
  while (!entries_.empty()) {
    auto node = entries_.extract(entries_.begin());
    if (!node.mapped().erased) {
      batch->put(std::move(node.key()), std::move(node.mapped().value));
    } else if (!node.mapped().fresh) {
      batch->erase(std::move(node.key()));
    }
  }
  idle_iterator_.reset();
}

void Overlay::reset() {
  undo_.clear();
  entries_.clear();
  idle_iterator_.reset();
}

}  // namespace hilum::index
