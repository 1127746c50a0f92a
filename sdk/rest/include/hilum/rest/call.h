// What every handler of a REST family is given.
#pragma once

#include <hilum/cpp/attachments.h>
#include <hilum/cpp/config.h>
#include <hilum/cpp/host.h>
#include <hilum/cpp/http.h>
#include <hilum/cpp/index.h>
#include <hilum/dicom/charset.h>
#include <hilum/rest/level.h>
#include <hilum/rest/metadata_names.h>

namespace hilum::rest {

// The services and options that the handlers use. Built once by the plugin, then only read: any thread.
struct Services {
  explicit Services(Host host);

  // `DefaultEncoding`, asked for each request: it may be changed while the server runs.
  dicom::Encoding default_encoding() const;

  Host host;
  Index index;
  Attachments attachments;
  Config config;
  MetadataNames metadata_names;
  bool check_revisions;
  std::string temporary_directory;
};

// One request on one route. Lives on the stack of the worker thread that runs the handler.
struct Call {
  const Services& services;
  const LevelInfo& level;  // the {level} of the path
  uint32_t target;         // the level that the route leads to, where that is another one
  Request& request;
  Answer& answer;

  std::string_view id() const { return request.parameter("id"); }
};

// Throws HILUM_E_UNKNOWN_RESOURCE unless the id exists (at `level`; 0: at any).
Resource require(const Snapshot& snapshot, std::string_view id, uint32_t level = 0);

// The resource itself if it is an instance, else the oldest instance below it; nothing if there is none.
std::optional<Resource> first_instance(const Snapshot& snapshot, const Resource& resource);

}  // namespace hilum::rest
