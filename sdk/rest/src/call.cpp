#include <hilum/rest/call.h>

#include <cstdlib>

namespace hilum::rest {

namespace {

std::string temporary_directory_of(const Config& config) {
  std::string configured = config.text("TemporaryDirectory");
  if (!configured.empty()) return config.resolve_path(configured);
  const char* system = std::getenv("TMPDIR");
  return system && *system ? system : "/tmp";
}

}  // namespace

Services::Services(Host plugin_host)
    : host(plugin_host),
      index(host),
      attachments(host),
      config(host),
      metadata_names(config.json("UserMetadata").value_or("{}")),
      check_revisions(config.boolean("CheckRevisions")),
      temporary_directory(temporary_directory_of(config)) {}

dicom::Encoding Services::default_encoding() const {
  return dicom::parse_encoding(config.text("DefaultEncoding")).value_or(dicom::Encoding::Latin1);
}

Resource require(const Snapshot& snapshot, std::string_view id, uint32_t level) {
  std::optional<Resource> resource = snapshot.find(id, level);
  if (!resource) throw Error(HILUM_E_UNKNOWN_RESOURCE);
  return std::move(*resource);
}

std::optional<Resource> first_instance(const Snapshot& snapshot, const Resource& resource) {
  if (resource.level() == HILUM_INSTANCE) return snapshot.find(resource.id(), HILUM_INSTANCE);
  // The enumeration of the SDK's wrapper is left by an exception; the index then visits one descendant only.
  struct Found {
    std::string id;
  };
  try {
    resource.descendants(HILUM_INSTANCE, [](std::string_view id) { throw Found{std::string(id)}; });
  } catch (const Found& found) {
    return snapshot.find(found.id, HILUM_INSTANCE);
  }
  return std::nullopt;
}

}  // namespace hilum::rest
