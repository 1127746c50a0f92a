// The codecs of plugins, as the server itself uses them.
#pragma once

#include <hilum/dicom/frame_codecs.h>

#include <memory>
#include <utility>

#include "core/plugins/plugin.h"

namespace hilum::plugins {

// Asks the tables that plugins ask, in the name of a plugin that has no shared object. Any thread.
class OwnCodecs : public HostFrameCodecs {
 public:
  explicit OwnCodecs(std::shared_ptr<Plugin> asker)
      : HostFrameCodecs(Host(asker->handle())), asker_(std::move(asker)) {}

 private:
  const std::shared_ptr<Plugin> asker_;
};

}  // namespace hilum::plugins
