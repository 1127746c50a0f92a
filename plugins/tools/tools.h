// The tools plugin's one object: its services and its handlers.
#pragma once

#include <hilum/all.h>
#include <hilum/cpp/hilum.h>

#include <memory>
#include <string>

namespace hilum::tools {

// Created by start, destroyed by stop. Handlers only read: several may run at once.
class Plugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1, HILUM_CONFIG_V1, HILUM_INDEX_V1,
                                              HILUM_SERVER_DRAFT, nullptr};
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
  const hilum_server_draft& server_;
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
