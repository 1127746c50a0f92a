// The tools plugin's one object: its services and its handlers.
#pragma once

#include <hilum/all.h>
#include <hilum/cpp/hilum.h>

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
  void get_statistics(Request& request, Answer& answer) const;
  // plugins.cpp
  void list_plugins(Request& request, Answer& answer) const;
  void get_plugin(Request& request, Answer& answer) const;
  void get_explorer_script(Request& request, Answer& answer) const;

  Host host_;
  Config config_;
  Index index_;
  const hilum_server_draft& server_;
  Routes routes_;
};

}  // namespace hilum::tools
