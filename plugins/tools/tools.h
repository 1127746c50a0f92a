// The tools plugin's one object: its services and its handlers.
#pragma once

#include <hilum/all.h>
#include <hilum/cpp/hilum.h>
#include <hilum/rest/call.h>

#include <memory>
#include <string>

#include "settings.h"

namespace hilum::tools {

// The groups of routes, each in files of its own. What is passed lives as long as the routes.
void add_search_routes(Routes& routes, const rest::Services& services);        // search.cpp
void add_bulk_content_routes(Routes& routes, const rest::Services& services);  // bulk_content.cpp
void add_time_routes(Routes& routes);
void add_uid_routes(Routes& routes);
void add_log_level_routes(Routes& routes, const Settings& settings);
void add_settings_routes(Routes& routes, const Settings& settings);
void add_metrics_routes(Routes& routes, Host host, const hilum_server_draft& server,
                        const Settings& settings);
void add_document_routes(Routes& routes, Host host, const hilum_server_draft& server);
void add_maintenance_routes(Routes& routes, const rest::Services& services, const hilum_server_draft& server);
void add_bulk_delete_routes(Routes& routes, const rest::Services& services, const hilum_server_draft& server);

// For what may take long: throws HILUM_E_UNAVAILABLE once the server ends or starts again.
void give_up_if_stopping(Host host, const hilum_server_draft& server);  // maintenance.cpp

// The body of a request that takes one of a few words; what is longer than 256 bytes is cut.
std::string short_body(const Request& request);

// Created by start, destroyed by stop. Handlers only read: several may run at once.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {
      HILUM_HTTP_V1,      HILUM_CONFIG_V1,      HILUM_INDEX_V1,    HILUM_INGEST_V1, HILUM_ATTACHMENTS_V1,
      HILUM_SERVER_DRAFT, HILUM_SETTINGS_DRAFT, HILUM_QUERY_DRAFT, HILUM_LOG_V1,    nullptr};
  explicit Plugin(Host host);

 private:
  // system.cpp
  void get_system(Request& request, Answer& answer) const;
  std::string system_text(uint32_t http_port, uint32_t dicom_port) const;
  void get_statistics(Request& request, Answer& answer) const;
  // plugins.cpp
  void list_plugins(Request& request, Answer& answer) const;
  void get_plugin(Request& request, Answer& answer) const;
  void get_explorer_script(Request& request, Answer& answer) const;

  Host host_;
  Config config_;
  Index index_;
  const rest::Services services_;  // what handlers of the REST toolbox are given
  const hilum_server_draft& server_;
  const Settings settings_;
  // The answer of GET /system with the ports that it was made for: all of it but them stays as it is.
  struct SystemText {
    uint32_t http_port = 0;
    uint32_t dicom_port = 0;
    std::string text;
  };
  mutable std::shared_ptr<const SystemText>
      system_text_;  // only through std::atomic_load and std::atomic_store
  Routes routes_;
};

}  // namespace hilum::tools
