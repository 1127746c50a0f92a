#include "core/storage/segment_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <charconv>

namespace hilum::storage {

std::string SegmentFolder::path_of(uint32_t number) const {
  return fmt::format("{}/{:08x}.log", path_, number);
}

std::vector<uint32_t> SegmentFolder::numbers() const {
  std::vector<uint32_t> found;
  DIR* folder = opendir(path_.c_str());
  if (folder == nullptr) {
    throw Error(HILUM_E_DATABASE, "cannot read the folder " + path_);
  }
  while (const dirent* entry = readdir(folder)) {
    const std::string_view name = entry->d_name;
    uint32_t number = 0;
    if (name.size() == 12 && name.substr(8) == ".log" &&
        std::from_chars(name.data(), name.data() + 8, number, 16).ptr == name.data() + 8) {
      found.push_back(number);
    }
  }
  closedir(folder);
  std::sort(found.begin(), found.end());
  return found;
}

std::shared_ptr<const SegmentFile> SegmentFolder::open(uint32_t number) const {
  const std::lock_guard lock(mutex_);
  const auto known = by_number_.find(number);
  if (known != by_number_.end()) {
    recent_.splice(recent_.begin(), recent_, known->second);
    return recent_.front().second;
  }
  std::string path = path_of(number);
  UniqueFd fd;
  try {
    fd = open_file(path, O_RDONLY);
  } catch (const Error& error) {
    if (error.code() == HILUM_E_INEXISTENT_FILE) {
      return nullptr;
    }
    throw;
  }
  recent_.emplace_front(number,
                        std::make_shared<const SegmentFile>(SegmentFile{std::move(fd), std::move(path)}));
  by_number_[number] = recent_.begin();
  if (recent_.size() > kOpenFiles) {
    by_number_.erase(recent_.back().first);
    recent_.pop_back();
  }
  return recent_.front().second;
}

void SegmentFolder::forget(uint32_t number) {
  const std::lock_guard lock(mutex_);
  const auto known = by_number_.find(number);
  if (known != by_number_.end()) {
    recent_.erase(known->second);
    by_number_.erase(known);
  }
}

}  // namespace hilum::storage
