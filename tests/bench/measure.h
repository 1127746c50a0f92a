// Runs workers side by side for a time or a number of operations, and says how it went.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

// What all workers share: who takes the next number, and when to end. Any thread.
class Work {
 public:
  Work(uint64_t first, uint64_t count, double seconds);
  // False: enough.
  bool next(uint64_t* number);

 private:
  std::atomic<uint64_t> next_;
  const uint64_t end_;
  const std::chrono::steady_clock::time_point deadline_;
};

// What one worker has done. Owned by its thread.
struct Tally {
  std::vector<double> milliseconds;
  uint64_t bytes = 0;
  uint64_t failed = 0;
  uint64_t answers = 0;
  std::string error;

  template <typename Operation>
  void time(Operation operation) {
    const auto begin = std::chrono::steady_clock::now();
    operation();
    milliseconds.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
  }
};

// CPU seconds that these processes have used.
double cpu_seconds(const std::vector<int>& processes);

// Prints one JSON object; false if anything failed. The clock covers opening the connections to the last
// answer.
bool measure(int connections, const std::vector<int>& server, const std::function<void(Tally&)>& worker);

}  // namespace bench
