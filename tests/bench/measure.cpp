#include "measure.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

using Clock = std::chrono::steady_clock;

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double quantile(const std::vector<double>& sorted, double q) {
  return sorted.empty() ? 0 : sorted[static_cast<size_t>(q * static_cast<double>(sorted.size() - 1) + 0.5)];
}

Tally sum(std::vector<Tally>& tallies) {
  Tally all;
  for (const Tally& one : tallies) {
    all.milliseconds.insert(all.milliseconds.end(), one.milliseconds.begin(), one.milliseconds.end());
    all.bytes += one.bytes;
    all.failed += one.failed;
    all.answers += one.answers;
    if (!one.error.empty()) all.error = one.error;
  }
  std::sort(all.milliseconds.begin(), all.milliseconds.end());
  return all;
}

}  // namespace

Work::Work(uint64_t first, uint64_t count, double seconds)
    : next_(first),
      end_(count == 0 ? std::numeric_limits<uint64_t>::max() : first + count),
      deadline_(seconds > 0 ? Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                 std::chrono::duration<double>(seconds))
                            : Clock::time_point::max()) {}

bool Work::next(uint64_t* number) {
  if (Clock::now() >= deadline_) return false;
  *number = next_.fetch_add(1, std::memory_order_relaxed);
  return *number < end_;
}

// Fields 14 to 17 of /proc/PID/stat: user and system time of the process and of the children that it has
// waited for. They are counted behind the name, which may hold spaces.
double cpu_seconds(const std::vector<int>& processes) {
  double ticks = 0;
  for (const int process : processes) {
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const size_t name_end = text.rfind(')');
    if (name_end == std::string::npos)
      throw std::runtime_error("there is no process " + std::to_string(process));
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    for (int field = 14; field <= 17; ++field) {
      double some = 0;
      fields >> some;
      ticks += some;
    }
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

bool measure(int connections, const std::vector<int>& server, const std::function<void(Tally&)>& worker) {
  std::vector<Tally> tallies(static_cast<size_t>(connections));
  std::vector<std::thread> threads;
  const double server_before = cpu_seconds(server), own_before = own_cpu_seconds();
  const auto begin = Clock::now();
  for (Tally& tally : tallies) {
    threads.emplace_back([&worker, &tally] {
      try {
        worker(tally);
      } catch (const std::exception& error) {
        tally.error = error.what();
        ++tally.failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double server_cpu = cpu_seconds(server) - server_before, own_cpu = own_cpu_seconds() - own_before;
  const Tally all = sum(tallies);
  const double operations = std::max(1.0, static_cast<double>(all.milliseconds.size()));
  std::printf(
      "{\"operations\":%zu,\"seconds\":%.6f,\"per_second\":%.2f,\"bytes\":%llu,\"failed\":%llu,"
      "\"answers\":%llu,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f,\"server_cpu_ms\":%.4f,"
      "\"sender_cpu_ms\":%.4f,\"error\":\"%s\"}\n",
      all.milliseconds.size(), seconds, static_cast<double>(all.milliseconds.size()) / seconds,
      static_cast<unsigned long long>(all.bytes), static_cast<unsigned long long>(all.failed),
      static_cast<unsigned long long>(all.answers), quantile(all.milliseconds, 0.5),
      quantile(all.milliseconds, 0.99), quantile(all.milliseconds, 1), 1000 * server_cpu / operations,
      1000 * own_cpu / operations, all.error.c_str());
  return all.failed == 0;
}

}  // namespace bench
