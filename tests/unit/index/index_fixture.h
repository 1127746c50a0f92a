// What the tests of the index share: a database in a temporary folder, and instances to put into it.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "core/index/check.h"
#include "core/index/leveldb_store.h"
#include "core/index/schema.h"
#include "core/index/snapshot.h"
#include "core/index/transaction.h"

namespace hilum::index {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory if possible: the tests are to be fast on busy disks.
    std::string name = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    name += "/hilum-index-XXXXXX";
    path_ = mkdtemp(name.data()) ? name : "";
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline NewInstance make_instance(const std::string& patient, const std::string& study,
                                 const std::string& series, const std::string& instance) {
  NewInstance made;
  std::string hashed = patient;
  made.ids[0] = PublicId::hash_of(hashed);
  made.ids[1] = PublicId::hash_of(hashed += "|" + study);
  made.ids[2] = PublicId::hash_of(hashed += "|" + series);
  made.ids[3] = PublicId::hash_of(hashed += "|" + instance);
  made.tags[0] = {{dicom::kPatientName, "Name^" + patient, false}, {dicom::kPatientId, patient, false}};
  made.tags[1] = {{dicom::kStudyDate, "20240131", false}, {dicom::kStudyInstanceUid, study, false}};
  made.tags[2] = {{dicom::kModality, "CT", false}, {dicom::kSeriesInstanceUid, series, false}};
  made.tags[3] = {{dicom::kSopInstanceUid, instance, false}};
  made.instance_metadata = {{2, 0, "20240131T120000"}};
  Attachment attachment;
  attachment.type = kDicomAttachment;
  std::copy_n(made.ids[3].bytes.begin(), 16, attachment.uuid.begin());
  attachment.content_size = 1000;
  attachment.stored_size = 600;
  attachment.compressed = true;
  attachment.content_md5.emplace();
  made.attachments = {attachment};
  made.reception_ms = 1700000000000;
  return made;
}

class IndexTest : public testing::Test {
 protected:
  IndexTest() : store(LevelDbStore::open(folder.file("index"))), transaction(*store) {}

  void commit() { store->write(transaction.take(), false); }
  Snapshot snapshot() const { return Snapshot(store->snapshot()); }
  Resource add(const std::string& patient, const std::string& study, const std::string& series,
               const std::string& instance) {
    return transaction.add_instance(make_instance(patient, study, series, instance));
  }
  std::vector<std::string> problems() const { return check_index(*store->snapshot()); }
  std::vector<PublicId> list(Level level, uint64_t since, uint64_t limit) const {
    std::vector<PublicId> ids;
    snapshot().list(level, since, limit, [&](ResourceId, const PublicId& id) {
      ids.push_back(id);
      return true;
    });
    return ids;
  }
  std::vector<Change> changes() const {
    std::vector<Change> all;
    snapshot().changes(0, [&](const Change& change) {
      all.push_back(change);
      return true;
    });
    return all;
  }
  // All keys and values: what is equal here is equal in everything.
  std::string dump() const {
    std::string all;
    const auto it = store->snapshot()->iterate();
    for (it->seek(""); it->valid(); it->next()) {
      all.append(it->key()).append("=").append(it->value()).append("\n");
    }
    return all;
  }

  TemporaryFolder folder;
  std::unique_ptr<LevelDbStore> store;
  Transaction transaction;
};

}  // namespace hilum::index
