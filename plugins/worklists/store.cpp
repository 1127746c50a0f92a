#include "store.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <chrono>

namespace hilum::worklists {

namespace {

constexpr size_t kTimeSize = 8;
constexpr size_t kMostMade = 100000;

int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string time_field(int64_t time_ms) {
  std::string field;
  for (size_t i = 0; i < kTimeSize; ++i) {
    field.push_back(static_cast<char>(static_cast<uint64_t>(time_ms) >> (8 * i) & 0xff));
  }
  return field;
}

int64_t read_time(std::string_view field) {
  uint64_t time = 0;
  for (size_t i = 0; i < kTimeSize; ++i) {
    time |= static_cast<uint64_t>(static_cast<unsigned char>(field[i])) << (8 * i);
  }
  return static_cast<int64_t>(time);
}

}  // namespace

Store::Store(Host host, std::string folder, bool in_database)
    : records_(host, "worklists"), log_(host), folder_(host, std::move(folder)), in_database_(in_database) {}

void Store::load(dicom::Encoding default_encoding) {
  if (is_loaded_) return;
  records_.scan("", [&](std::string_view id, std::string_view value) {
    if (value.size() < kTimeSize) return;
    Made made{read_time(value), nullptr};
    if (value.size() > kTimeSize) {
      try {
        made.entry = make_entry(std::string(id), std::string(value.substr(kTimeSize)), default_encoding);
      } catch (const Error& error) {
        log_.warning("worklist entry " + std::string(id) + " of the database is left out: " + error.what());
        return;
      }
    }
    made_.emplace(id, std::move(made));
  });
  is_loaded_ = true;
}

std::vector<EntryPointer> Store::entries(dicom::Encoding default_encoding) {
  std::vector<EntryPointer> entries;
  {
    std::vector<std::pair<int64_t, EntryPointer>> made;
    const std::lock_guard lock(mutex_);
    load(default_encoding);
    for (const auto& [id, one] : made_) {
      if (one.entry) made.emplace_back(one.time_ms, one.entry);
    }
    std::stable_sort(made.begin(), made.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [time, entry] : made) entries.push_back(std::move(entry));
  }
  if (folder_.exists()) {
    std::vector<EntryPointer> files = folder_.entries(default_encoding);
    entries.insert(entries.end(), std::make_move_iterator(files.begin()),
                   std::make_move_iterator(files.end()));
  }
  return entries;
}

EntryPointer Store::find(std::string_view id, dicom::Encoding default_encoding) {
  const std::vector<EntryPointer> all = entries(default_encoding);
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const EntryPointer& entry) { return entry->id == id; });
  return found == all.end() ? nullptr : *found;
}

void Store::create(const std::string& id, const std::string& file, dicom::Encoding default_encoding) {
  Made made{now_ms(), in_database_ ? make_entry(id, file, default_encoding) : nullptr};
  const std::lock_guard lock(mutex_);
  load(default_encoding);
  if (made_.size() >= kMostMade) {
    throw Error(HILUM_E_BUSY, "there are " + std::to_string(kMostMade) + " worklist entries already");
  }
  if (!in_database_) folder_.write(id, file);
  records_.put(id, time_field(made.time_ms) + (in_database_ ? file : std::string()));
  made_.emplace(id, std::move(made));
}

void Store::replace(const std::string& id, const std::string& file, dicom::Encoding default_encoding) {
  const EntryPointer entry = make_entry(id, file, default_encoding);
  if (!find(id, default_encoding)) throw Error(HILUM_E_UNKNOWN_RESOURCE);
  const std::lock_guard lock(mutex_);
  const auto made = made_.find(id);
  if (made != made_.end() && made->second.entry) {
    records_.put(id, time_field(made->second.time_ms) + file);
    made->second.entry = entry;
  } else {
    // Deleted meanwhile.
    if (in_database_ && !folder_.exists()) throw Error(HILUM_E_UNKNOWN_RESOURCE);
    folder_.write(id, file);
  }
}

bool Store::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto made = made_.find(id);
  if (made == made_.end()) return folder_.exists() && folder_.remove(id);
  const bool is_file = !made->second.entry;
  records_.erase(id);
  made_.erase(made);
  return !is_file || folder_.remove(id);
}

size_t Store::remove_of_study(std::string_view study_instance_uid, dicom::Encoding default_encoding) {
  size_t removed = 0;
  if (study_instance_uid.empty()) return removed;
  for (const EntryPointer& entry : entries(default_encoding)) {
    bool is_made = false;
    {
      const std::lock_guard lock(mutex_);
      is_made = made_.count(entry->id) > 0;
    }
    if (is_made && entry->study_instance_uid == study_instance_uid && remove(entry->id)) ++removed;
  }
  return removed;
}

size_t Store::remove_older(int64_t made_before_ms) {
  std::vector<std::string> ids;
  {
    const std::lock_guard lock(mutex_);
    if (!is_loaded_) return 0;
    for (const auto& [id, made] : made_) {
      if (made.time_ms < made_before_ms) ids.push_back(id);
    }
  }
  return static_cast<size_t>(
      std::count_if(ids.begin(), ids.end(), [this](const std::string& id) { return remove(id); }));
}

}  // namespace hilum::worklists
