// hilum.modalities/draft
#include <hilum/draft/modalities.h>

#include "core/dimse/modality_json.h"
#include "core/dimse/modality_registry.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr uint64_t kLongestDefinition = 1 << 20;

dimse::ModalityRegistry& registry_of(Plugin& plugin) {
  dimse::ModalityRegistry* const registry = plugin.services().modalities;
  if (!registry) {
    throw Error(HILUM_E_UNAVAILABLE, "this process knows no modalities");
  }
  return *registry;
}

dimse::Modality read(hilum_text json) {
  if (json.size > kLongestDefinition) {
    throw Error(HILUM_E_BAD_FORMAT,
                "the definition of a modality has at most " + std::to_string(kLongestDefinition) + " bytes");
  }
  return dimse::read_modality_text(to_view(json));
}

// Calls back for each until the plugin has enough.
void tell(Plugin& plugin, const dimse::Modalities& modalities, hilum_on_modality on_modality, void* context) {
  required(on_modality, "on_modality");
  const std::string& default_method = registry_of(plugin).default_retrieve_method();
  for (const dimse::Modality& modality : modalities) {
    const std::string json = dimse::write_modality(modality, default_method);
    if (plugin.inside("on_modality",
                      [&] { return on_modality(context, to_text(modality.name), to_text(json)); }) != 0) {
      return;
    }
  }
}

int32_t list(const hilum_host* host, hilum_on_modality on_modality, void* context) {
  return guarded("hilum.modalities/draft list", [&] {
    Plugin& plugin = plugin_of(host);
    tell(plugin, *registry_of(plugin).snapshot(), on_modality, context);
  });
}

int32_t get(const hilum_host* host, hilum_text name, hilum_sink json) {
  return guarded("hilum.modalities/draft get", [&] {
    Plugin& plugin = plugin_of(host);
    const dimse::ModalityRegistry& registry = registry_of(plugin);
    write_sink(plugin, json,
               dimse::write_modality(registry.get(to_view(name)), registry.default_retrieve_method()));
  });
}

int32_t by_aet(const hilum_host* host, hilum_text aet, hilum_on_modality on_modality, void* context) {
  return guarded("hilum.modalities/draft by_aet", [&] {
    Plugin& plugin = plugin_of(host);
    tell(plugin, registry_of(plugin).by_aet(to_view(aet)), on_modality, context);
  });
}

int32_t put(const hilum_host* host, hilum_text name, hilum_text json) {
  return guarded("hilum.modalities/draft put",
                 [&] { registry_of(plugin_of(host)).put(std::string(to_view(name)), read(json)); });
}

int32_t remove(const hilum_host* host, hilum_text name) {
  return guarded("hilum.modalities/draft remove", [&] {
    dimse::ModalityRegistry& registry = registry_of(plugin_of(host));
    if (!registry.remove(to_view(name))) {
      registry.get(to_view(name));  // says what is missing
    }
  });
}

int32_t normalize(const hilum_host* host, hilum_text json, hilum_sink normalized) {
  return guarded("hilum.modalities/draft normalize", [&] {
    Plugin& plugin = plugin_of(host);
    write_sink(plugin, normalized,
               dimse::write_modality(read(json), registry_of(plugin).default_retrieve_method()));
  });
}

const hilum_modalities_draft kTable = {&list, &get, &by_aet, &put, &remove, &normalize};

}  // namespace

const void* modalities_table() { return &kTable; }

}  // namespace hilum::plugins
