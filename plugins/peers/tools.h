// What handlers and jobs of this plugin use.
#pragma once

#include <hilum/cpp/changes.h>
#include <hilum/cpp/log.h>
#include <hilum/dicom/frame_codecs.h>
#include <hilum/http_client/settings.h>
#include <hilum/rest/call.h>
#include <hilum/rest/direct_calls.h>

#include "registry.h"

namespace hilum::peers {

// Built when the plugin starts, then only read (what changes has its own lock): any thread.
struct Tools {
  explicit Tools(Host host)
      : services(host),
        log(host),
        changes(host),
        codecs(host),
        transcoder(codecs),
        http(http_client::Settings::of(services.config)),
        registry(host, services.config, log),
        direct_calls(host) {}

  rest::Services services;
  Log log;
  Changes changes;
  HostFrameCodecs codecs;
  dicom::Transcoder transcoder;
  http_client::Settings http;
  mutable Registry registry;
  mutable rest::DirectCalls direct_calls;
};

}  // namespace hilum::peers
