// What each room reads of the configuration: the one place where option names become settings of rooms.
#pragma once

#include <memory>
#include <string>

#include "core/config/configuration.h"
#include "core/dimse/server_options.h"
#include "core/http/dispatcher.h"
#include "core/http/server.h"
#include "core/ingest/ingest.h"

namespace hilum {

struct StorageSettings {
  std::string storage_directory;
  std::string index_directory;
  bool one_file_per_blob = false;  // StorageLayout: "files"
  bool durable = true;
};

StorageSettings storage_settings(const config::Configuration& configuration);
ingest::Options ingest_settings(const config::Configuration& configuration);
http::DispatcherOptions dispatcher_settings(const config::Configuration& configuration,
                                            const std::string& spool_directory);
http::ServerOptions http_settings(const config::Configuration& configuration);
dimse::ServerOptions dicom_settings(const config::Configuration& configuration);
// DicomModalities of the configuration, as far as permissions need it. Throws HILUM_E_BAD_FORMAT, naming the
// entry.
std::shared_ptr<const dimse::Modalities> configured_modalities(const config::Configuration& configuration);

}  // namespace hilum
