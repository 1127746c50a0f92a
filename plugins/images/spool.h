// Bytes that wait for a slow client.
#pragma once

#include <hilum/rest/temporary_file.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace hilum::images {

// What all requests together may keep in memory while they wait for their clients, beyond what each may by itself.
// Thread-safe.
class SpoolMemory {
 public:
  bool take(uint64_t bytes);
  void give_back(uint64_t bytes) { taken_ -= bytes; }

 private:
  static constexpr uint64_t kMost = 128u << 20;
  std::atomic<uint64_t> taken_{0};
};

// Bytes in memory as long as they are few or others keep few, else in a file without a name. On the stack of one
// request.
class Spool {
 public:
  // Both must outlive it.
  Spool(SpoolMemory& shared, const std::string& folder) : shared_(shared), folder_(folder) {}
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool() { shared_.give_back(taken_); }

  // Throws HILUM_E_SYSTEM if there is no room.
  void append(std::string_view bytes);
  uint64_t size() const { return size_; }
  bool in_memory() const { return !file_; }
  const std::string& memory() const { return memory_; }
  // Calls `write` with all bytes, piece by piece.
  void send(const std::function<void(std::string_view)>& write) const;

 private:
  static constexpr uint64_t kAlwaysInMemory = 512u << 10;
  static constexpr size_t kPiece = 256u << 10;

  void move_to_file();

  SpoolMemory& shared_;
  const std::string& folder_;
  uint64_t taken_ = 0;
  std::string memory_;
  std::optional<rest::TemporaryFile> file_;
  uint64_t size_ = 0;
};

}  // namespace hilum::images
