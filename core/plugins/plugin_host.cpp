#include "core/plugins/plugin_host.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/identity.h>

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "core/base/log.h"
#include "core/base/uuid.h"
#include "core/config/configuration.h"
#include "core/dimse/scu/scu.h"
#include "core/index/snapshot.h"
#include "core/index/transaction.h"
#include "core/ingest/ingest.h"
#include "core/plugins/own_codecs.h"
#include "core/plugins/plugin.h"
#include "core/plugins/start_order.h"

namespace hilum::plugins {

namespace fs = std::filesystem;

namespace {

constexpr const char* kIdentifierProperty = "DatabaseIdentifier";
constexpr const char* kIdentifierOption = "DatabaseServerIdentifier";

std::vector<std::string> shared_objects(const fs::path& folder) {
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".so" && entry.is_regular_file()) {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());  // the order of a folder is nobody's choice
  return files;
}

}  // namespace

class PluginHost::Impl {
 public:
  Impl(PluginServices services, PluginHost& host) : context_(std::move(services), host) {
    context_.provided_service = [this](const std::string& id) { return provided_service(id); };
  }

  const config::Configuration& configuration() const { return *context_.services.configuration; }

  void load(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) {
      std::error_code ignored;
      if (fs::is_directory(path, ignored)) {
        for (const std::string& file : shared_objects(path)) {
          load_file(file, false);
        }
      } else if (fs::exists(path, ignored)) {
        load_file(path, true);
      } else {
        throw Error(HILUM_E_INEXISTENT_FILE,
                    "plugin " + path + ", which the configuration names, does not exist");
      }
    }
  }

  void start_all() {
    for (const std::shared_ptr<Plugin>& plugin : plugins_) {
      require_named(*plugin);
    }
    for (const std::shared_ptr<Plugin>& plugin : start_sequence()) {
      require_named(*plugin);
      const std::string lacking = lacking_service(*plugin);
      if (!lacking.empty()) {
        plugin->refuse(lacking);
      } else if (plugin->start()) {
        const std::lock_guard<std::mutex> lock(mutex_);
        started_.push_back(plugin);
      }
      require_named(*plugin);
    }
    for (const std::shared_ptr<Plugin>& plugin : plugins_) {
      require_named(*plugin);
    }
    context_.all_started = true;
    own_codecs_ = std::make_shared<OwnCodecs>(std::make_shared<Plugin>(context_, "hilum", false));
    context_.services.ingest.set_codecs(own_codecs_);
    if (context_.services.scu) context_.services.scu->set_codecs(own_codecs_.get());
  }

  void stop_all() {
    context_.all_started = false;
    while (!started_.empty()) {
      started_.back()->stop();
      const std::lock_guard<std::mutex> lock(mutex_);
      started_.pop_back();
    }
    if (context_.services.scu) context_.services.scu->set_codecs(nullptr);
    own_codecs_.reset();  // the ingest waits until nobody else has it
    context_.services.ingest.set_codecs(nullptr);
  }

  std::vector<PluginInfo> plugins() const {
    std::vector<PluginInfo> result;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (const std::shared_ptr<Plugin>& plugin : plugins_) {
        result.push_back(plugin->info());
      }
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const PluginInfo& a, const PluginInfo& b) { return a.name < b.name; });
    return result;
  }

  std::string database_identifier() {
    const config::Configuration& configuration = *context_.services.configuration;
    if (configuration.is_set(kIdentifierOption)) {
      return configuration.get_text(kIdentifierOption);
    }
    ingest::Ingest& ingest = context_.services.ingest;
    if (std::optional<std::string> kept = ingest.snapshot().global_property(kIdentifierProperty)) {
      return *kept;
    }
    const std::lock_guard<std::mutex> lock(identifier_mutex_);
    if (std::optional<std::string> kept = ingest.snapshot().global_property(kIdentifierProperty)) {
      return *kept;  // somebody else was faster
    }
    const std::string made = dicom::PublicId::hash_of(Uuid::generate().view()).to_string();
    ingest::Ingest::Change change;
    change.apply = [&made](index::Transaction& transaction) {
      transaction.set_global_property(kIdentifierProperty, made);
      return std::vector<index::BlobUuid>();
    };
    ingest.change(std::move(change));
    return made;
  }

 private:
  void load_file(const std::string& file, bool named) {
    std::error_code error;
    const fs::path resolved = fs::canonical(file, error);
    const std::string real = error ? file : resolved.string();
    for (const std::shared_ptr<Plugin>& known : plugins_) {
      if (known->file() == real) {  // named twice, or found and named
        if (named) {
          known->set_named();
        }
        return;
      }
    }
    auto plugin = std::make_shared<Plugin>(context_, real, named);
    const bool opened = plugin->open();
    if (opened && !named && is_disabled(plugin->name())) {
      log_info(LogCategory::kPlugins, "plugin {} is not loaded: DisabledPlugins names it", plugin->name());
      return;
    }
    if (opened) {
      for (const std::shared_ptr<Plugin>& other : plugins_) {
        if (other->state() == PluginState::kLoaded && other->name() == plugin->name()) {
          plugin->refuse("the name " + plugin->name() + " is taken by " + other->file());
          break;
        }
      }
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    plugins_.push_back(std::move(plugin));
  }

  bool is_disabled(const std::string& name) const {
    const std::vector<std::string> names = context_.services.configuration->get_list("DisabledPlugins");
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  // The loaded plugins in the order of their starts; refuses those that cannot.
  std::vector<std::shared_ptr<Plugin>> start_sequence() {
    std::vector<std::shared_ptr<Plugin>> loaded;
    for (const std::shared_ptr<Plugin>& plugin : plugins_) {
      if (plugin->state() == PluginState::kLoaded) {
        loaded.push_back(plugin);
      }
    }
    std::sort(loaded.begin(), loaded.end(),
              [](const auto& a, const auto& b) { return a->name() < b->name(); });
    std::vector<Candidate> candidates;
    for (const std::shared_ptr<Plugin>& plugin : loaded) {
      const Descriptor& descriptor = plugin->descriptor();
      candidates.push_back({plugin->name(), descriptor.required, descriptor.wanted, descriptor.provided});
    }
    const StartOrder order =
        start_order(candidates, [](std::string_view id) { return core_service(id) != nullptr; });
    for (const StartOrder::Refusal& refusal : order.refused) {
      loaded[refusal.candidate]->refuse(refusal.reason);
    }
    for (const std::string& warning : order.warnings) {
      log_warning(LogCategory::kPlugins, "{}", warning);
    }
    for (const std::shared_ptr<Plugin>& plugin : loaded) {
      require_named(*plugin);
    }
    std::vector<std::shared_ptr<Plugin>> sequence;
    for (const size_t index : order.order) {
      sequence.push_back(loaded[index]);
    }
    return sequence;
  }

  // Why a plugin cannot start after all: a service whose plugin failed in its start.
  std::string lacking_service(const Plugin& plugin) const {
    for (const std::string& id : plugin.descriptor().required) {
      if (core_service(id) || provided_service(id)) {
        continue;
      }
      for (const std::shared_ptr<Plugin>& other : plugins_) {
        const std::vector<std::string>& provided = other->descriptor().provided;
        if (std::find(provided.begin(), provided.end(), id) != provided.end()) {
          return "requires " + id + " of plugin " + other->name() + ", which did not start";
        }
      }
    }
    return {};
  }

  // Those that the configuration names, and those that come with Hilum: an archive without its REST API would look as if
  // it ran.
  void require_named(const Plugin& plugin) const {
    std::error_code ignored;
    const bool own = fs::path(plugin.file()).parent_path() == fs::canonical(standard_folder(), ignored);
    if (plugin.state() != PluginState::kRefused || !(plugin.named() || own) ||
        !context_.services.configuration->get_bool("PluginsRequired")) {
      return;
    }
    throw Error(HILUM_E_SHARED_LIBRARY,
                "plugin " + plugin.file() +
                    (own ? ", which comes with Hilum" : ", which the configuration names") +
                    ", is refused: " + plugin.info().reason);
  }

  // Called from starts, on the thread of start_all, and later from every thread: started_ changes only in
  // these.
  const void* provided_service(const std::string& id) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const std::shared_ptr<Plugin>& plugin : started_) {
      if (const void* table = plugin->provided_table(id)) {
        return table;
      }
    }
    return nullptr;
  }

  HostContext context_;
  std::shared_ptr<const OwnCodecs> own_codecs_;  // what the ingest and the SCU transcode with
  mutable std::mutex
      mutex_;  // guards the two lists; both change only on the thread of load, start_all and stop_all
  std::vector<std::shared_ptr<Plugin>> plugins_;  // in the order of loading
  std::vector<std::shared_ptr<Plugin>> started_;  // in the order of starting
  std::mutex identifier_mutex_;
};

PluginHost::PluginHost(PluginServices services) : impl_(std::make_unique<Impl>(std::move(services), *this)) {}
PluginHost::~PluginHost() { stop_all(); }

std::string PluginHost::standard_folder() {
  const fs::path program = fs::canonical("/proc/self/exe");
  return (program.parent_path().parent_path() / "lib" / "hilum" / "plugins").string();
}

std::vector<std::string> PluginHost::configured_paths(const config::Configuration& configuration) {
  std::vector<std::string> paths;
  if (configuration.get_bool("StandardPlugins")) {
    const std::string folder = standard_folder();
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) {
      paths.push_back(folder);
    } else {
      log_warning(LogCategory::kPlugins, "the folder of the plugins that come with Hilum is missing: {}",
                  folder);
    }
  }
  for (std::string& path : configuration.get_paths("Plugins")) {
    paths.push_back(std::move(path));
  }
  return paths;
}

void PluginHost::load(const std::vector<std::string>& paths) { impl_->load(paths); }
void PluginHost::load() { impl_->load(configured_paths(impl_->configuration())); }
void PluginHost::start_all() { impl_->start_all(); }
void PluginHost::stop_all() { impl_->stop_all(); }
std::vector<PluginInfo> PluginHost::plugins() const { return impl_->plugins(); }
std::string PluginHost::database_identifier() { return impl_->database_identifier(); }

std::vector<std::string> PluginHost::running_names() const {
  std::vector<std::string> names;
  for (PluginInfo& info : plugins()) {
    if (info.state == PluginState::kRunning) {
      names.push_back(std::move(info.name));
    }
  }
  return names;
}

}  // namespace hilum::plugins
