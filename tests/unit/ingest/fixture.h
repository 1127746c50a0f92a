// An archive of its own for a test, and small DICOM files made by hand.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/meta_header.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "core/base/bytes.h"
#include "core/events/events.h"
#include "core/index/leveldb_store.h"
#include "core/ingest/index_tools.h"
#include "core/ingest/ingest.h"
#include "core/storage/segment_store.h"

namespace hilum::ingest::testing {

// Explicit VR little endian; elements in ascending order.
using Elements = std::map<uint32_t, std::pair<std::string, std::string>>;  // tag -> VR, value

inline std::string dicom_file(const Elements& elements) {
  std::string bytes = dicom::meta_header(
      {"1.2.840.10008.5.1.4.1.1.7", elements.count(0x00080018) != 0 ? elements.at(0x00080018).second : "1.2",
       "1.2.840.10008.1.2.1", ""});
  for (const auto& [tag, element] : elements) {
    auto [vr, value] = element;
    if (value.size() % 2 != 0) {
      value.push_back(vr == "UI" ? '\0' : ' ');
    }
    append_le(bytes, static_cast<uint16_t>(tag >> 16));
    append_le(bytes, static_cast<uint16_t>(tag & 0xffff));
    bytes += vr;
    if (vr == "OB" || vr == "OW") {
      append_le(bytes, uint16_t{0});
      append_le(bytes, static_cast<uint32_t>(value.size()));
    } else {
      append_le(bytes, static_cast<uint16_t>(value.size()));
    }
    bytes += value;
  }
  return bytes;
}

inline Elements elements_of(const std::string& patient, const std::string& study, const std::string& series,
                            const std::string& instance, size_t pixels = 64) {
  return {{0x00080016, {"UI", "1.2.840.10008.5.1.4.1.1.7"}},
          {0x00080018, {"UI", instance}},
          {0x00080020, {"DA", "20240101"}},
          {0x00080060, {"CS", "CT"}},
          {0x00100010, {"PN", "Name^" + patient}},
          {0x00100020, {"LO", patient}},
          {0x0020000d, {"UI", study}},
          {0x0020000e, {"UI", series}},
          {0x00200013, {"IS", "1"}},
          {0x00280100, {"US", std::string("\x08\0", 2)}},
          {0x7fe00010, {"OB", std::string(pixels, 'p')}}};
}
// Everything of one patient number: patient P<p>, study 1.<p>, series 1.<p>.1.
inline std::string instance_file(int patient, int instance, size_t pixels = 64) {
  const std::string p = std::to_string(patient);
  return dicom_file(
      elements_of("P" + p, "1." + p, "1." + p + ".1", "1." + p + ".1." + std::to_string(instance), pixels));
}

class Archive {
 public:
  explicit Archive(Options options = {}, storage::FileSystem& files = storage::FileSystem::system(),
                   leveldb::Env* env = nullptr)
      : options_(std::move(options)), files_(&files), env_(env) {
    std::string name = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    name += "/hilum-ingest-XXXXXX";
    folder_ = mkdtemp(name.data());
    try {
      start();
    } catch (...) {
      remove_folder();
      throw;
    }
  }
  ~Archive() {
    stop();
    remove_folder();
  }
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  void start() {
    index::LevelDbOptions index;
    index.env = env_;
    store_ = index::LevelDbStore::open(index_folder(), index);
    storage::StoreOptions blobs;
    blobs.segment_size = 1 << 20;
    blobs.durable = options_.durable;
    blobs_ = std::make_unique<storage::SegmentStore>(storage_folder(), blobs, *store_, *files_);
    events_ = std::make_unique<events::EventBus>();
    ingest_ = std::make_unique<Ingest>(*store_, *blobs_, *events_, options_);
  }
  void stop() {
    ingest_.reset();
    events_.reset();
    blobs_.reset();
    store_.reset();
  }
  void restart(Options options) {
    stop();
    options_ = std::move(options);
    start();
  }
  // Goes on with what the disk holds now, as after kill -9, and with files that do not fail.
  void crash() {
    const std::string copy = folder_ + ".crashed";
    copy_at_rest(copy);
    stop();
    remove_folder();
    std::filesystem::rename(copy, folder_);
    files_ = &storage::FileSystem::system();
    env_ = nullptr;
    start();
  }
  // A picture of one moment: inside a change no group is written and no segment is emptied.
  void copy_at_rest(const std::string& copy) {
    blobs_->finish_sweep();
    Ingest::Change change;
    change.apply = [&](index::Transaction&) {
      std::filesystem::copy(folder_, copy, std::filesystem::copy_options::recursive);
      return std::vector<index::BlobUuid>();
    };
    ingest_->change(std::move(change));
  }
  std::string storage_folder() const { return folder_ + "/storage"; }
  std::string index_folder() const { return folder_ + "/index"; }
  const std::string& folder() const { return folder_; }
  Ingest& ingest() { return *ingest_; }
  events::EventBus& events() { return *events_; }

  Stored store(std::string file, const Origin& origin = {}) {
    Bytes bytes;
    bytes.memory = std::move(file);
    return ingest_->store(std::move(bytes), origin);
  }
  // The file as a spooled body.
  Bytes spooled(const std::string& file) {
    Bytes bytes;
    bytes.fd = open(ingest_->spool_directory().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    EXPECT_EQ(write(bytes.fd, file.data(), file.size()), static_cast<ssize_t>(file.size()));
    bytes.size = file.size();
    return bytes;
  }
  // Status of the error that storing gives; 0: none.
  int32_t error_of(const std::string& file) {
    try {
      store(file);
      return 0;
    } catch (const Error& error) {
      return error.code();
    }
  }
  std::optional<index::Resource> find(const PublicId& id) { return ingest_->snapshot().find(id); }
  std::string file_of(const index::Resource& instance, size_t attachment = 0) {
    const auto reader = ingest_->open(instance.attachments.at(attachment));
    std::string bytes(static_cast<size_t>(reader->size()), '\0');
    EXPECT_EQ(reader->read(0, bytes.data(), bytes.size()), bytes.size());
    return bytes;
  }
  std::string metadata(const index::Resource& resource, int32_t key) {
    const auto value = ingest_->snapshot().metadata(resource, key);
    return value ? value->value : "(none)";
  }
  // Ends the server and looks at everything; the archive is running again afterwards.
  std::vector<std::string> check() {
    stop();
    std::vector<std::string> lines;
    const int status = check_archive(storage_folder(), index_folder(), true,
                                     [&](const std::string& line) { lines.push_back(line); });
    EXPECT_EQ(status, lines.size() == 1 ? 0 : 1);
    start();
    return lines;
  }

 private:
  void remove_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string folder_;
  Options options_;
  storage::FileSystem* files_;
  leveldb::Env* env_;
  std::unique_ptr<index::LevelDbStore> store_;
  std::unique_ptr<storage::SegmentStore> blobs_;
  std::unique_ptr<events::EventBus> events_;
  std::unique_ptr<Ingest> ingest_;
};

inline const std::vector<std::string> kAllIsWell{"index and storage agree"};

inline Options fast_options() {
  Options options;
  options.durable = false;
  return options;
}

}  // namespace hilum::ingest::testing
