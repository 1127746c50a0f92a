// The configuration of the server: read once at start from files or folders, checked against the option
// table, then unchanged until a restart.
//
//   auto configuration = Configuration::load({"/etc/hilum"});
//   int64_t port = configuration->get_int("HttpPort");        // the default when the files do not say
//
// Owned by main through a shared_ptr and shared with all rooms. Thread-safe.
#pragma once

#include <json/value.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/options.h"

namespace hilum::config {

class Configuration {
 public:
  // Reads files and folders (every *.json in them, any case, not deeper). No path: the defaults. Throws
  // Error: HILUM_E_INEXISTENT_FILE, HILUM_E_BAD_JSON (with line and column), HILUM_E_BAD_FORMAT (option in
  // two files), HILUM_E_BAD_TYPE and HILUM_E_OUT_OF_RANGE (option, file, line, what is expected, what is
  // there).
  static std::shared_ptr<Configuration> load(const std::vector<std::string>& paths);
  // The same from a text, as if it were the file `file`. For tests and embedding.
  static std::shared_ptr<Configuration> parse(std::string_view text, const std::string& file = "hilum.json");

  // Values. `name` must be in the table (or declared) with that type, else Error(HILUM_E_INTERNAL): a mistake
  // of the caller. Options inside a section are named "Section.Name". Without value and without default:
  // HILUM_E_BAD_SEQUENCE.
  bool get_bool(std::string_view name) const;
  int64_t get_int(std::string_view name) const;
  std::string get_text(std::string_view name) const;                // kText, kBoolOrText, kPath as written
  std::vector<std::string> get_list(std::string_view name) const;   // kTextList
  std::string get_path(std::string_view name) const;                // kPath, kRawPath; "" stays ""
  std::vector<std::string> get_paths(std::string_view name) const;  // kPathList
  // kSection: the object, {} when absent.
  Json::Value section(std::string_view name) const;
  // Do the files say it (null counts as absent)?
  bool is_set(std::string_view name) const;
  // "hospital.json, line 12" for messages about a value that its owner finds wrong; "default" when not set.
  std::string where(std::string_view name) const;
  // `relative` seen from the file that defines option `name`.
  std::string resolve(std::string_view name, const std::string& relative) const;

  // The merged files as JSON text, without comments and with variables substituted: what plugins and scripts
  // get. No defaults are filled in.
  std::string json() const;
  const Json::Value& merged() const { return merged_; }
  const std::vector<std::string>& files() const { return file_names_; }
  // Would the files now give another configuration (SIGHUP)? False when they cannot be read: then go on as
  // before.
  bool changed_on_disk() const;

  // A plugin's options, before warn_unknown(). Values are checked at once: throws as load() does. Declaring
  // the same name again with the same type is allowed (plugins are started again).
  void declare(OptionInfo option);
  // After all plugins are started: one warning per option that nobody reads, with file, line and the likely
  // name if it looks misspelt. With the names of the plugins that run, options of other plugins are told as
  // well. Logged and returned.
  std::vector<std::string> warn_unknown(
      const std::optional<std::vector<std::string>>& running_plugins = std::nullopt) const;
  // All options: the built-in ones, then the declared ones.
  std::vector<OptionInfo> options() const;

 private:
  // Where a top-level option was found.
  struct File {
    std::string name;
    std::string folder;
    std::string text;  // after substitution of variables: what offsets count in
  };
  Configuration() = default;
  static std::vector<File> read_files(const std::vector<std::string>& paths);
  static std::shared_ptr<Configuration> build(std::vector<File> files);
  void add_file(const File& file);
  void apply_renamed();
  void check_all() const;
  void check_value(const OptionInfo& option) const;
  const Json::Value* find(std::string_view name) const;
  const File* file_of(std::string_view name) const;
  OptionInfo option(std::string_view name) const;
  Json::Value value(std::string_view name, std::initializer_list<OptionType> allowed) const;
  void list_unread(const std::string& name, const std::vector<std::string>& known,
                   const std::optional<std::vector<std::string>>& running,
                   std::vector<std::string>& warnings) const;

  std::vector<std::string> paths_;
  std::vector<std::string> file_names_;
  std::vector<File> files_;
  std::map<std::string, size_t, std::less<>> file_of_key_;  // top-level option -> index in files_
  std::map<std::string, std::string, std::less<>>
      renamed_from_;  // new name -> the old one that the files use
  Json::Value merged_{Json::objectValue};
  mutable std::mutex mutex_;  // guards declared_, the only part that changes after load()
  std::map<std::string, OptionInfo, std::less<>> declared_;
};

// Are instances flushed to disk before they are acknowledged? `Durability`, or when absent `SyncStorageArea`.
bool durable(const Configuration& configuration);

// `${NAME}` and `${NAME:-default}` replaced by environment variables, as in the configuration reference: a
// variable that is set counts even when empty; quotes around a default are removed; an unset one without
// default becomes empty.
std::string substitute_environment(std::string_view text);

}  // namespace hilum::config
