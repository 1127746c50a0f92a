// GET /plugins, /plugins/{id} and /plugins/explorer.js.
#include <hilum/dicom/json_writer.h>

#include <vector>

#include "tools.h"

namespace hilum::tools {

namespace {

using dicom::JsonWriter;

struct PluginInfo {
  uint32_t state;
  std::string name, version, description, file, reason;
};

const char* state_name(uint32_t state) {
  switch (state) {
    case HILUM_PLUGIN_RUNNING:
      return "Running";
    case HILUM_PLUGIN_REFUSED:
      return "Refused";
    default:
      return "Stopped";
  }
}

std::vector<PluginInfo> all_plugins(Host host, const hilum_server_draft& server) {
  std::vector<PluginInfo> plugins;
  auto collect = [](void* context, const hilum_plugin_info* info) -> int32_t {
    try {
      auto text = [](hilum_text value) { return std::string(to_view(value)); };
      static_cast<std::vector<PluginInfo>*>(context)->push_back({info->state, text(info->name),
                                                                 text(info->version), text(info->description),
                                                                 text(info->file), text(info->reason)});
      return 0;
    } catch (...) {
      return 1;  // out of memory: what there is has to do
    }
  };
  host.check(server.plugins(host.get(), collect, &plugins));
  return plugins;
}

}  // namespace

// "explorer.js" comes first, as clients expect it, although it is a script and not a plugin. Plugins that
// were refused are listed too: GET /plugins/{id} says why.
void Plugin::list_plugins(Request&, Answer& answer) const {
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  json.string("explorer.js");
  for (const PluginInfo& plugin : all_plugins(host_, server_)) json.string(plugin.name);
  json.end_array();
  answer.json(body);
}

void Plugin::get_plugin(Request& request, Answer& answer) const {
  const std::vector<PluginInfo> plugins = all_plugins(host_, server_);
  // Of several with one name, all but one are refused: that one is meant.
  auto plugin = plugins.end();
  for (auto candidate = plugins.begin(); candidate != plugins.end(); ++candidate) {
    if (candidate->name != request.parameter("id")) continue;
    if (plugin == plugins.end() || candidate->state == HILUM_PLUGIN_RUNNING) plugin = candidate;
  }
  if (plugin == plugins.end()) return;  // 404
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  if (!plugin->description.empty()) json.member("Description", plugin->description);
  json.member("ExtendsOrthancExplorer", false);
  json.member("ID", plugin->name);
  if (!plugin->reason.empty()) json.member("Reason", plugin->reason);
  json.member("State", state_name(plugin->state));
  json.member("Version", plugin->version);
  json.end_object();
  answer.json(body);
}

void Plugin::get_explorer_script(Request&, Answer& answer) const {
  answer.bytes("application/javascript", "// Scripts by which plugins extend the explorer: none\n");
}

}  // namespace hilum::tools
