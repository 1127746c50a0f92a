// The decoders that plugins offer, and the order in which they are asked.
#pragma once

#include <hilum/draft/decoder.h>

#include <cstdint>
#include <memory>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::plugins {

class Plugin;

// Option BuiltinDecoderTranscoderOrder: when built-in decoders are asked, relative to those of other plugins.
enum class BuiltinOrder { kAfter, kBefore, kDisabled };

// One decoder of one plugin.
struct Decoder {
  std::shared_ptr<Plugin> plugin;
  bool built_in = false;
  std::set<std::string, std::less<>> transfer_syntaxes;
  void* context = nullptr;
  int32_t (*decode)(void* context, const hilum_stored_frame* frame, hilum_pixel_target target) = nullptr;
};

// Owned by the context that all plugins share. Thread-safe.
class DecoderRegistry {
 public:
  void add(Decoder decoder);
  void remove(const Plugin& plugin);
  // Those for a transfer syntax, in the order in which to ask them; of equals, in the order of add().
  std::vector<std::shared_ptr<const Decoder>> find(std::string_view transfer_syntax,
                                                   BuiltinOrder order) const;

 private:
  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<const Decoder>> decoders_;
};

}  // namespace hilum::plugins
