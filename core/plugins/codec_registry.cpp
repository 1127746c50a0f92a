#include "core/plugins/codec_registry.h"

#include "core/config/configuration.h"
#include "core/plugins/plugin.h"

namespace hilum::plugins {

BuiltinOrder builtin_order(Plugin& plugin) {
  const std::string order = plugin.services().configuration->get_text("BuiltinDecoderTranscoderOrder");
  if (order == "Before") {
    return BuiltinOrder::kBefore;
  }
  return order == "Disabled" ? BuiltinOrder::kDisabled : BuiltinOrder::kAfter;
}

}  // namespace hilum::plugins
