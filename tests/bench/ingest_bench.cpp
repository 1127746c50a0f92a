// How many instances per second come in, from memory: ingest_bench FOLDER [SECONDS] [SIZE] [THREADS...]
// Writes one line per number of threads. The folder is made and removed; put it on the disk to be measured.
#include <hilum/dicom/meta_header.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "core/base/bytes.h"
#include "core/events/events.h"
#include "core/index/leveldb_store.h"
#include "core/ingest/ingest.h"
#include "core/storage/segment_store.h"

namespace {

using Clock = std::chrono::steady_clock;

void append(std::string& out, uint32_t tag, const char* vr, std::string value) {
  if (value.size() % 2 != 0) {
    value.push_back(std::string_view(vr) == "UI" ? '\0' : ' ');
  }
  hilum::append_le(out, static_cast<uint16_t>(tag >> 16));
  hilum::append_le(out, static_cast<uint16_t>(tag & 0xffff));
  out += vr;
  if (std::string_view(vr) == "OW") {
    hilum::append_le(out, uint16_t{0});
    hilum::append_le(out, static_cast<uint32_t>(value.size()));
  } else {
    hilum::append_le(out, static_cast<uint16_t>(value.size()));
  }
  out += value;
}

// Instance `n`: 20 to a series, two series to a study, one study to a patient.
std::string file(uint64_t n, size_t pixels) {
  const std::string series = std::to_string(n / 20), study = std::to_string(n / 40);
  const std::string uid = "1.2.826.0.1.3680043.9.1." + std::to_string(n);
  std::string out =
      hilum::dicom::meta_header({"1.2.840.10008.5.1.4.1.1.2", uid, "1.2.840.10008.1.2.1", "BENCH"});
  append(out, 0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
  append(out, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.2");
  append(out, 0x00080018, "UI", uid);
  append(out, 0x00080020, "DA", "20240101");
  append(out, 0x00080030, "TM", "101112");
  append(out, 0x00080050, "SH", "A" + study);
  append(out, 0x00080060, "CS", "CT");
  append(out, 0x00080080, "LO", "Some hospital");
  append(out, 0x00081030, "LO", "Thorax");
  append(out, 0x0008103e, "LO", "Axial 1 mm");
  append(out, 0x00100010, "PN", "Name^Given" + study);
  append(out, 0x00100020, "LO", "PID" + study);
  append(out, 0x00100030, "DA", "19600101");
  append(out, 0x00100040, "CS", "F");
  append(out, 0x0020000d, "UI", "1.2.826.0.1.3680043.9.2." + study);
  append(out, 0x0020000e, "UI", "1.2.826.0.1.3680043.9.3." + series);
  append(out, 0x00200010, "SH", study);
  append(out, 0x00200011, "IS", "2");
  append(out, 0x00200013, "IS", std::to_string(n % 20 + 1));
  append(out, 0x00200032, "DS", "-100\\-100\\12.5");
  append(out, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
  append(out, 0x7fe00010, "OW", std::string(pixels, 'x'));
  return out;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(const std::string& folder, bool durable, size_t pixels, int threads, double seconds) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  const auto store = hilum::index::LevelDbStore::open(folder + "/index");
  hilum::storage::StoreOptions blob_options;
  blob_options.durable = durable;
  blob_options.files_layout = std::getenv("FILES_LAYOUT") != nullptr;
  if (std::getenv("NO_ZEROS") != nullptr) {
    blob_options.zeros_ahead = 0;
  }
  hilum::storage::SegmentStore blobs(folder + "/storage", blob_options, *store);
  hilum::events::EventBus events;
  hilum::ingest::Options options;
  options.durable = durable;
  hilum::ingest::Ingest ingest(*store, blobs, events, options);

  std::atomic<uint64_t> next{0};
  std::atomic<bool> stop{false};
  std::vector<std::vector<double>> times(static_cast<size_t>(threads));
  std::vector<std::thread> senders;
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  for (auto& mine : times) {
    senders.emplace_back([&] {
      while (!stop) {
        hilum::ingest::Bytes bytes;
        bytes.memory = file(next++, pixels);
        const auto before = Clock::now();
        ingest.store(std::move(bytes), {});
        mine.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
      }
    });
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  stop = true;
  for (std::thread& sender : senders) {
    sender.join();
  }
  const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<double> all;
  for (const auto& mine : times) {
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  const auto count = static_cast<double>(all.size());
  const auto at = [&](double part) { return all[static_cast<size_t>(part * (count - 1))]; };
  std::printf("%-11s %7zu bytes %3d threads: %8.0f/s  p50 %6.0f us  p99 %6.0f us  CPU %4.0f us each\n",
              durable ? "durable" : "not durable", file(0, pixels).size(), threads, count / elapsed, at(0.5),
              at(0.99), 1e6 * (cpu_seconds() - cpu_before) / count);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s FOLDER [SECONDS] [SIZE] [THREADS...]\n", argv[0]);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/ingest_bench";
  const double seconds = argc > 2 ? std::atof(argv[2]) : 3;
  const size_t pixels = argc > 3 ? static_cast<size_t>(std::atol(argv[3])) : 4400;
  std::vector<int> threads;
  for (int i = 4; i < argc; ++i) {
    threads.push_back(std::atoi(argv[i]));
  }
  if (threads.empty()) {
    threads = {1, 4, 16};
  }
  for (const bool durable : {true, false}) {
    for (const int count : threads) {
      measure(folder, durable, pixels, count, seconds);
    }
  }
  std::filesystem::remove_all(folder);
  return 0;
}
