// From files to a checked Configuration.
#include <hilum/cpp/error.h>

#include <algorithm>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/log.h"
#include "core/config/access.h"
#include "core/config/configuration.h"
#include "core/config/json_text.h"

namespace hilum::config {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxFileSize = 16 * 1024 * 1024;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_json_file(const fs::directory_entry& entry) {
  std::string extension = entry.path().extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::error_code ignored;
  return extension == ".json" && entry.is_regular_file(ignored);
}

// The file itself, or the JSON files of a folder in the order of their names.
std::vector<std::string> files_at(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    throw Error(HILUM_E_INEXISTENT_FILE, "configuration " + path + ": there is no such file or folder");
  }
  if (!fs::is_directory(status)) {
    return {path};
  }
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (is_json_file(*entry)) {
      files.push_back(entry->path().string());
    }
  }
  if (error) {
    throw Error(HILUM_E_SYSTEM, "configuration folder " + path + ": " + error.message());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string clean_text(std::string_view raw) {
  if (raw.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    raw.remove_prefix(kByteOrderMark.size());
  }
  return substitute_environment(raw);
}

std::string folder_of(const std::string& file) {
  const std::string folder = fs::path(file).parent_path().string();
  return folder.empty() ? "." : folder;
}

}  // namespace

std::vector<Configuration::File> Configuration::read_files(const std::vector<std::string>& paths) {
  std::vector<File> files;
  for (const std::string& path : paths) {
    for (const std::string& file : files_at(path)) {
      files.push_back({file, folder_of(file), clean_text(read_file(file, kMaxFileSize))});
    }
  }
  return files;
}

void Configuration::add_file(const File& file) {
  const Json::Value root = parse_object(file.text, file.name, [](const std::string& warning) {
    log_warning(LogCategory::kGeneric, "{}", warning);
  });
  for (const std::string& key : root.getMemberNames()) {
    const auto [known, is_new] = file_of_key_.emplace(key, files_.size());
    if (!is_new) {
      throw Error(HILUM_E_BAD_FORMAT,
                  "option \"" + key + "\" is defined in 2 different configuration files, " +
                      files_[known->second].name + " and " + file.name + ": keep one of them");
    }
    merged_[key] = root[key];
  }
  files_.push_back(file);
  file_names_.push_back(file.name);
}

void Configuration::apply_renamed() {
  for (const OptionInfo& option : builtin_options()) {
    if (option.status != OptionStatus::kRenamed || !is_set(option.name)) {
      continue;
    }
    if (is_set(option.renamed_to)) {
      log_warning(LogCategory::kGeneric, "option \"{}\" ({}) is ignored, for \"{}\" is there as well",
                  option.name, where(option.name), option.renamed_to);
    } else {
      renamed_from_[option.renamed_to] = option.name;
    }
  }
}

void Configuration::check_all() const {
  for (const OptionInfo& option : builtin_options()) {
    check_value(option);
  }
  const size_t aet_length = get_text("DicomAet").size();
  if (aet_length < 1 || aet_length > 16) {
    throw Error(HILUM_E_BAD_AET, "option \"DicomAet\" (" + where("DicomAet") +
                                     "): expected 1 to 16 characters, found " + std::to_string(aet_length));
  }
  if (get_bool("CheckRevisions") && !get_bool("StoreMD5ForAttachments")) {
    throw Error(HILUM_E_OUT_OF_RANGE, "option \"CheckRevisions\" (" + where("CheckRevisions") +
                                          ") needs \"StoreMD5ForAttachments\": true");
  }
  if (get_bool("DicomTlsEnabled")) {
    for (const char* const needed :
         {"DicomTlsCertificate", "DicomTlsPrivateKey", "DicomTlsTrustedCertificates"}) {
      const bool is_trust = std::string_view(needed) == "DicomTlsTrustedCertificates";
      if (get_path(needed).empty() && (!is_trust || get_bool("DicomTlsRemoteCertificateRequired"))) {
        throw Error(HILUM_E_OUT_OF_RANGE,
                    "option \"DicomTlsEnabled\" (" + where("DicomTlsEnabled") + ") needs \"" + needed + "\"" +
                        (is_trust ? ", or \"DicomTlsRemoteCertificateRequired\": false" : ""));
      }
    }
  }
  access_rules(*this);  // throws when accounts are malformed
}

std::shared_ptr<Configuration> Configuration::build(std::vector<File> files) {
  std::shared_ptr<Configuration> made(new Configuration);
  for (const File& file : files) {
    made->add_file(file);
  }
  made->apply_renamed();
  made->check_all();
  return made;
}

std::shared_ptr<Configuration> Configuration::load(const std::vector<std::string>& paths) {
  auto made = build(read_files(paths));
  made->paths_ = paths;
  return made;
}

std::shared_ptr<Configuration> Configuration::parse(std::string_view text, const std::string& file) {
  return build({{file, folder_of(file), clean_text(text)}});
}

bool Configuration::changed_on_disk() const {
  try {
    const std::vector<File> now = read_files(paths_);
    const auto same = [](const File& a, const File& b) { return a.name == b.name && a.text == b.text; };
    if (std::equal(now.begin(), now.end(), files_.begin(), files_.end(), same)) {
      return false;
    }
    build(now);  // restarting with a configuration that cannot be loaded would end the server
    return true;
  } catch (const Error& error) {
    log_error(LogCategory::kGeneric, "the changed configuration is not used: {}", error.what());
    return false;
  }
}

}  // namespace hilum::config
