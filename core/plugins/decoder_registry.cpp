#include "core/plugins/decoder_registry.h"

#include <algorithm>
#include <mutex>

namespace hilum::plugins {

void DecoderRegistry::add(Decoder decoder) {
  auto shared = std::make_shared<const Decoder>(std::move(decoder));
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  decoders_.push_back(std::move(shared));
}

void DecoderRegistry::remove(const Plugin& plugin) {
  const std::unique_lock<std::shared_mutex> lock(mutex_);
  decoders_.erase(std::remove_if(decoders_.begin(), decoders_.end(),
                                 [&](const auto& decoder) { return decoder->plugin.get() == &plugin; }),
                  decoders_.end());
}

std::vector<std::shared_ptr<const Decoder>> DecoderRegistry::find(std::string_view transfer_syntax,
                                                                  BuiltinOrder order) const {
  std::vector<std::shared_ptr<const Decoder>> found;
  {
    const std::shared_lock<std::shared_mutex> lock(mutex_);
    for (const std::shared_ptr<const Decoder>& decoder : decoders_) {
      const bool asked = !decoder->built_in || order != BuiltinOrder::kDisabled;
      if (asked && decoder->transfer_syntaxes.count(transfer_syntax) > 0) {
        found.push_back(decoder);
      }
    }
  }
  std::stable_partition(found.begin(), found.end(), [&](const auto& decoder) {
    return decoder->built_in == (order == BuiltinOrder::kBefore);
  });
  return found;
}

}  // namespace hilum::plugins
