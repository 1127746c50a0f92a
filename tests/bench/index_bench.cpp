// What an instance costs in the index: time, keys and bytes. Prints, asserts nothing.
//   index_bench [instances = 100000] [instances of a group = 16]
#include <hilum/dicom/identity.h>
#include <stdlib.h>
#include <time.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>

#include "core/index/check.h"
#include "core/index/leveldb_store.h"
#include "core/index/schema.h"
#include "core/index/snapshot.h"
#include "core/index/transaction.h"

using namespace hilum::index;

namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Processor time of this thread, so that neighbours do not count.
double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// An instance as a CT scanner sends them: 5 series of 20 instances a study, as in the growth runs.
NewInstance make(size_t n) {
  const size_t series = n / 20, study = series / 5;
  const std::string root = "1.2.840.113619.2.176.2025.1499492.7391.1171285944.";
  const std::string patient_id = "PAT" + std::to_string(1000000 + study);
  const std::string study_uid = root + std::to_string(study);
  const std::string series_uid = study_uid + "." + std::to_string(series);
  const std::string uid = series_uid + "." + std::to_string(n);
  NewInstance made;
  std::string hashed = patient_id;
  made.ids[0] = PublicId::hash_of(hashed);
  made.ids[1] = PublicId::hash_of(hashed += "|" + study_uid);
  made.ids[2] = PublicId::hash_of(hashed += "|" + series_uid);
  made.ids[3] = PublicId::hash_of(hashed += "|" + uid);
  made.tags[0] = {{0x00100010, "SMITH^John" + std::to_string(study % 1000), false},
                  {0x00100020, patient_id, false},
                  {0x00100030, "19700101", false},
                  {0x00100040, "M", false}};
  made.tags[1] = {{0x00080020, "20240131", false},
                  {0x00080030, "101112", false},
                  {0x00080050, "A" + std::to_string(study), false},
                  {0x00080080, "General Hospital", false},
                  {0x00080090, "DOC^Who", false},
                  {0x00081030, "Thorax", false},
                  {0x0020000d, study_uid, false},
                  {0x00200010, "1", false}};
  made.tags[2] = {{0x00080021, "20240131", false}, {0x00080060, "CT", false},
                  {0x00080070, "Maker", false},    {0x0008103e, "Thorax 1.0 B30f", false},
                  {0x0020000e, series_uid, false}, {0x00200011, "3", false}};
  made.tags[3] = {{0x00080012, "20240131", false},
                  {0x00080013, "101112", false},
                  {0x00080018, uid, false},
                  {0x00200012, "1", false},
                  {0x00200013, std::to_string(n % 20 + 1), false},
                  {0x00200032, "-166.200\\-171.699\\" + std::to_string(n % 20) + ".0", false},
                  {0x00200037, "1.0\\0.0\\0.0\\0.0\\1.0\\0.0", false}};
  made.instance_metadata = {{1, 0, std::to_string(n % 20 + 1)},
                            {2, 0, "20240131T101112"},
                            {3, 0, "SCANNER1"},
                            {8, 0, "DicomProtocol"},
                            {9, 0, "1.2.840.10008.1.2.1"},
                            {10, 0, "1.2.840.10008.5.1.4.1.1.2"},
                            {11, 0, "192.168.1.17"},
                            {12, 0, "HILUM"},
                            {14, 0, "2190"},
                            {15, 0,
                             "0008,0012;0008,0013;0008,0018;0020,0012;0020,0013;0020,0032;0020,0037;"
                             "0020,0100;0020,4000;0028,0008;0054,1330"}};
  made.series_metadata = {{3, 0, "SCANNER1"}};
  Attachment attachment;
  attachment.type = 1;
  for (size_t i = 0; i < 16; ++i) {  // 6 bytes of time, 10 of chance
    attachment.uuid[i] = i < 6 ? static_cast<uint8_t>(n >> (8 * (5 - i))) : made.ids[3].bytes[i];
  }
  attachment.content_size = attachment.stored_size = 525000 + n;
  attachment.content_md5.emplace();
  std::copy_n(made.ids[2].bytes.begin(), 16, attachment.content_md5->begin());
  (*attachment.content_md5)[0] = static_cast<uint8_t>(n);
  attachment.stored_md5 = attachment.content_md5;
  made.attachments = {attachment};
  made.reception_ms = 1700000000000 + static_cast<int64_t>(n);
  return made;
}

struct Costs {
  double make = 0, add = 0, take = 0, write = 0;
  size_t keys = 0, bytes = 0;
};

Costs fill(LevelDbStore& store, size_t instances, size_t group) {
  Transaction transaction(store);
  Costs costs;
  for (size_t n = 0; n < instances;) {
    std::vector<NewInstance> waiting;
    double start = cpu_seconds();
    for (size_t i = 0; i < group && n < instances; ++i, ++n) {
      waiting.push_back(make(n));
    }
    costs.make += cpu_seconds() - start;
    start = cpu_seconds();
    for (const NewInstance& instance : waiting) {
      transaction.savepoint();
      if (!transaction.find(instance.ids[3])) {
        transaction.add_instance(instance);
      }
    }
    costs.add += cpu_seconds() - start;
    start = cpu_seconds();
    const KvBatch batch = transaction.take();
    transaction.take_events();
    costs.take += cpu_seconds() - start;
    for (const KvBatch::Change& change : batch.changes()) {
      ++costs.keys;
      costs.bytes += change.key.size() + change.value.size();
    }
    start = cpu_seconds();
    store.write(batch, false);
    costs.write += cpu_seconds() - start;
  }
  return costs;
}

void print_reads(const LevelDbStore& store, size_t instances) {
  constexpr int kRounds = 200;
  const auto time = [&](const char* what, const auto& action) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kRounds; ++i) {
      action();
    }
    std::printf("%-44s %9.1f us\n", what, seconds_since(start) * 1e6 / kRounds);
  };
  const Snapshot view(store.snapshot());
  const auto ignore = [](ResourceId, const PublicId&) { return true; };
  time("page of 100 instances at the start", [&] { view.list(Level::kInstance, 0, 100, ignore); });
  time("page of 100 instances in the middle",
       [&] { view.list(Level::kInstance, instances / 2, 100, ignore); });
  time("page of 100 studies at the end",
       [&] { view.list(Level::kStudy, instances / 100 - 50, 100, ignore); });
  time("totals", [&] { view.totals(); });
  const std::string patient = "PAT" + std::to_string(1000000 + instances / 200);
  time("PatientID exact", [&] {
    view.identifiers(Level::kPatient, 0x00100020, patient, patient,
                     [&](std::string_view, ResourceId id) { return view.get(id).has_value(); });
  });
  const PublicId one = make(instances / 2).ids[3];
  time("find an instance", [&] { view.find(one); });
  const Resource series = *view.find(make(instances / 2).ids[2]);
  time("20 children of a series with public ids",
       [&] { view.descendants(series, Level::kInstance, ignore); });
}

}  // namespace

int main(int argc, char** argv) {
  const size_t instances = argc > 1 ? std::stoul(argv[1]) : 100000;
  const size_t group = argc > 2 ? std::stoul(argv[2]) : 16;
  std::string folder = (std::filesystem::temp_directory_path() / "hilum-bench-XXXXXX").string();
  if (!mkdtemp(folder.data())) {
    std::perror(folder.c_str());
    return 1;
  }
  {
    const auto store = LevelDbStore::open(folder + "/index");
    const Costs costs = fill(*store, instances, group);
    const double n = static_cast<double>(instances);
    std::printf("%zu instances in groups of %zu\n", instances, group);
    std::printf(
        "add %.1f us, take %.1f us, LevelDB write %.1f us of this thread per instance (making it: %.1f us)\n",
        costs.add * 1e6 / n, costs.take * 1e6 / n, costs.write * 1e6 / n, costs.make * 1e6 / n);
    std::printf("%.2f keys and %.0f bytes written per instance\n", static_cast<double>(costs.keys) / n,
                static_cast<double>(costs.bytes) / n);
    store->compact();
    std::printf("%.0f bytes per instance on the disk, compacted\n",
                static_cast<double>(store->approximate_size()) / n);
    print_reads(*store, instances);
    const auto start = std::chrono::steady_clock::now();
    const size_t problems = check_index(*store->snapshot()).size();
    std::printf("check: %zu problems, %.1f us per instance\n", problems, seconds_since(start) * 1e6 / n);
    Transaction transaction(*store);
    const auto before = std::chrono::steady_clock::now();
    const size_t removed = transaction.remove(*transaction.find(make(0).ids[0])).blobs.size();
    store->write(transaction.take(), false);
    std::printf("remove: %.1f us per instance\n", seconds_since(before) * 1e6 / static_cast<double>(removed));
  }
  std::filesystem::remove_all(folder);
  return 0;
}
