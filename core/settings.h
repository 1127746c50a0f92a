// What each room reads of the configuration: the one place where option names become settings of rooms.
#pragma once

#include <memory>
#include <string>

#include "core/config/configuration.h"
#include "core/dimse/modality_registry.h"
#include "core/dimse/scu/options.h"
#include "core/dimse/server.h"
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
dimse::ServerOptions dicom_settings(const config::Configuration& configuration,
                                    dimse::ModalityProvider modalities);
// Throws HILUM_E_BAD_FORMAT or HILUM_E_OUT_OF_RANGE, naming the entry of DicomModalities that is wrong.
dimse::ModalityRegistry::Options modality_settings(const config::Configuration& configuration);
// `server` tells what is accepted for storage, and must outlive the result.
dimse::ScuOptions scu_settings(const config::Configuration& configuration, const dimse::Server& server);

}  // namespace hilum
