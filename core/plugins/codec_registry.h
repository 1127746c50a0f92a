// What plugins offer for transfer syntaxes (decoders, encoders), and the order in which it is asked.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hilum::plugins {

class Plugin;

// Option BuiltinDecoderTranscoderOrder: when built-in codecs are asked, relative to those of other plugins.
enum class BuiltinOrder { kAfter, kBefore, kDisabled };

// The value of the option now.
BuiltinOrder builtin_order(Plugin& plugin);

// What all entries have. One codec of one plugin.
struct CodecEntry {
  std::shared_ptr<Plugin> plugin;
  bool built_in = false;
  std::set<std::string, std::less<>> transfer_syntaxes;
  void* context = nullptr;
};

// Owned by the context that all plugins share. Thread-safe.
template <typename Entry>
class CodecRegistry {
 public:
  void add(Entry entry) {
    auto shared = std::make_shared<const Entry>(std::move(entry));
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    entries_.push_back(std::move(shared));
  }

  void remove(const Plugin& plugin) {
    const std::unique_lock<std::shared_mutex> lock(mutex_);
    entries_.erase(std::remove_if(entries_.begin(), entries_.end(),
                                  [&](const auto& entry) { return entry->plugin.get() == &plugin; }),
                   entries_.end());
  }

  // Those for a transfer syntax, in the order in which to ask them; of equals, in the order of add().
  std::vector<std::shared_ptr<const Entry>> find(std::string_view transfer_syntax, BuiltinOrder order) const {
    std::vector<std::shared_ptr<const Entry>> found;
    {
      const std::shared_lock<std::shared_mutex> lock(mutex_);
      for (const std::shared_ptr<const Entry>& entry : entries_) {
        const bool asked = !entry->built_in || order != BuiltinOrder::kDisabled;
        if (asked && entry->transfer_syntaxes.count(transfer_syntax) > 0) {
          found.push_back(entry);
        }
      }
    }
    std::stable_partition(found.begin(), found.end(), [&](const auto& entry) {
      return entry->built_in == (order == BuiltinOrder::kBefore);
    });
    return found;
  }

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<const Entry>> entries_;
};

}  // namespace hilum::plugins
