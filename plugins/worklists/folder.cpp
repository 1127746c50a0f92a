#include "folder.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <set>

namespace hilum::worklists {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostFiles = 100000;

bool is_worklist(const std::string& name) {
  constexpr std::string_view kEnding = ".wl";
  return name.size() > kEnding.size() &&
         std::equal(kEnding.rbegin(), kEnding.rend(), name.rbegin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

std::string id_of(const std::string& name) { return name.substr(0, name.size() - 3); }

// The bytes of a file of another program, as they are now.
std::string read_file(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) throw Error(HILUM_E_INEXISTENT_FILE, "it cannot be opened");
  std::string bytes;
  char piece[65536];
  ssize_t count = 0;
  while (bytes.size() <= kLargestEntry && (count = ::read(fd, piece, sizeof piece)) > 0) {
    bytes.append(piece, static_cast<size_t>(count));
  }
  close(fd);
  if (count < 0) throw Error(HILUM_E_SYSTEM, "it cannot be read");
  if (bytes.size() > kLargestEntry) throw Error(HILUM_E_TOO_LARGE, "it is too large");
  return bytes;
}

}  // namespace

bool Folder::exists() const {
  std::error_code ignored;
  return !path_.empty() && fs::is_directory(path_, ignored);
}

std::map<std::string, Folder::Stamp> Folder::look() const {
  std::map<std::string, Stamp> files;
  std::error_code error;
  for (fs::directory_iterator next(path_, error), end; !error && next != end; next.increment(error)) {
    const std::string name = next->path().filename().string();
    struct stat facts {};
    if (is_worklist(name) && files.size() < kMostFiles && stat(next->path().c_str(), &facts) == 0 &&
        S_ISREG(facts.st_mode)) {
      files.emplace(name, Stamp(facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec, facts.st_size, facts.st_ino));
    }
  }
  return files;
}

EntryPointer Folder::read(const std::string& name, dicom::Encoding default_encoding) const {
  try {
    return make_entry(id_of(name), read_file(path_ + "/" + name), default_encoding);
  } catch (const Error& error) {
    log_.warning("worklist file \"" + name + "\" is left out: " + error.what());
    return nullptr;
  }
}

std::vector<EntryPointer> Folder::entries(dicom::Encoding default_encoding) {
  const std::map<std::string, Stamp> files = look();
  std::vector<EntryPointer> entries;
  std::set<std::string> ids;  // "a.wl" and "a.WL" are one
  const std::lock_guard lock(mutex_);
  for (auto known = known_.begin(); known != known_.end();) {
    known = files.count(known->first) == 0 ? known_.erase(known) : std::next(known);
  }
  for (const auto& [name, stamp] : files) {
    auto known = known_.find(name);
    if (known == known_.end() || known->second.stamp != stamp || known->second.encoding != default_encoding) {
      known =
          known_.insert_or_assign(name, Known{stamp, default_encoding, read(name, default_encoding)}).first;
    }
    if (known->second.entry && ids.insert(known->second.entry->id).second) {
      entries.push_back(known->second.entry);
    }
  }
  return entries;
}

std::optional<std::string> Folder::file_of(std::string_view id) const {
  for (const auto& [name, stamp] : look()) {
    if (id_of(name) == id) return path_ + "/" + name;
  }
  return std::nullopt;
}

void Folder::write(std::string_view id, std::string_view file) {
  const std::string path = file_of(id).value_or(path_ + "/" + std::string(id) + ".wl");
  const std::string waiting = path + ".new";  // seen by nobody: it has another ending
  const auto refuse = [&] {
    (void)unlink(waiting.c_str());
    throw Error(HILUM_E_CANNOT_WRITE, "the worklist file cannot be written to " + path_);
  };
  const int fd = open(waiting.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) refuse();
  size_t written = 0;
  while (written < file.size()) {
    const ssize_t count = ::write(fd, file.data() + written, file.size() - written);
    if (count <= 0) break;
    written += static_cast<size_t>(count);
  }
  const bool is_safe = written == file.size() && fsync(fd) == 0;
  close(fd);
  if (!is_safe || rename(waiting.c_str(), path.c_str()) != 0) refuse();
}

bool Folder::remove(std::string_view id) {
  const std::optional<std::string> path = file_of(id);
  return path && unlink(path->c_str()) == 0;
}

}  // namespace hilum::worklists
