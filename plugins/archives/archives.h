// The archives plugin's one object, and what its handlers are given.
#pragma once

#include <hilum/all.h>
#include <hilum/cpp/hilum.h>
#include <hilum/cpp/jobs.h>
#include <hilum/dicom/frame_codecs.h>

#include <optional>
#include <string>

#include "archive.h"
#include "request.h"

namespace hilum::archives {

// Created by start, destroyed by stop. Handlers only read: several may run at once.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1,        HILUM_CONFIG_V1, HILUM_INDEX_V1,
                                              HILUM_ATTACHMENTS_V1, HILUM_LOG_V1,    HILUM_DECODERS_DRAFT,
                                              HILUM_ENCODERS_DRAFT, nullptr};
  static constexpr const char* kWanted[] = {HILUM_JOBS_DRAFT, nullptr};
  explicit Plugin(Host host);

  // Sends the archive, or hands it to a job.
  void answer(Answer& answer, ArchiveRequest request, const std::string& default_file_name) const;

 private:
  void add_resource_routes();
  void add_list_routes();
  ContentServices content_services() const { return {services_, transcoder_, log_}; }
  void stream(Answer& answer, const ArchiveRequest& request) const;
  void answer_from_file(Answer& answer, const ArchiveRequest& request) const;
  void submit(Answer& answer, ArchiveRequest request) const;

  const rest::Services services_;
  const Log log_;
  const HostFrameCodecs codecs_;
  const dicom::Transcoder transcoder_;
  mutable Pool pool_;
  std::optional<Jobs> jobs_;  // without them there are no asynchronous archives
  Routes routes_;
};

}  // namespace hilum::archives
