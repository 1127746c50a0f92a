#include "core/index_commands.h"

#include <hilum/cpp/error.h>

#include <cstdio>
#include <ctime>
#include <filesystem>

#include "core/config/configuration.h"
#include "core/dictionary.h"
#include "core/index/leveldb_store.h"
#include "core/ingest/index_tools.h"
#include "core/settings.h"

namespace hilum {

namespace {

namespace fs = std::filesystem;

void print(const std::string& line) { std::printf("%s\n", line.c_str()); }

std::string now_for_file_names() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  const size_t length = std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return std::string(text, length);
}

// The new index is made beside the old one, which is kept under another name: nothing is lost if this stops
// midway.
int rebuild(const StorageSettings& storage, const std::string& index, const ingest::Options& options) {
  const std::string fresh = index + ".new";
  fs::remove_all(fresh);  // what an interrupted rebuild has left
  const int exit_code = ingest::rebuild_index(storage.storage_directory, fresh, options, print);
  if (fs::exists(index)) {
    std::string old = index + "." + now_for_file_names();
    for (int count = 1; fs::exists(old); ++count)
      old = index + "." + now_for_file_names() + "-" + std::to_string(count);
    fs::rename(index, old);
    print("the previous index is kept as " + old);
  }
  fs::rename(fresh, index);
  print("the new index is " + index);
  return exit_code;
}

}  // namespace

int run_index_command(const config::CommandLine& command_line) {
  const auto configuration = config::Configuration::load(command_line.paths);
  extend_dictionary(*configuration);
  const StorageSettings storage = storage_settings(*configuration);
  const std::string index = storage.index_directory + "/index";
  if (!fs::is_directory(storage.storage_directory)) {
    throw Error(HILUM_E_DIRECTORY_EXPECTED, "there is no storage directory " + storage.storage_directory);
  }
  if (command_line.command == config::Command::kIndexRebuild) {
    return rebuild(storage, index, ingest_settings(*configuration));
  }
  constexpr bool kReadAllBytes = true;
  return ingest::check_archive(storage.storage_directory, index, kReadAllBytes, print);
}

}  // namespace hilum
