// A ZIP archive that is written forward only, by minizip.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>

namespace hilum::archives {

// How the bytes of an entry are written.
enum class Method : uint8_t { kStored, kDeflated };

// Writes entries that are compressed already. minizip keeps the central directory (about 100 bytes an entry) and makes all
// records, those of ZIP64 only where they are needed. It wants to go back to the header of an entry when it closes it; what
// it would write there is in the header already, or follows the entry as a data descriptor. One thread at a time.
class ZipWriter {
 public:
  // Takes pieces of the archive in their order; what it throws leaves the function that was called.
  using Output = std::function<void(std::string_view)>;

  // `utf8`: the names of entries are UTF-8 (bit 11 of the flags), else ASCII.
  ZipWriter(Output output, bool utf8);
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;
  ~ZipWriter();

  // An entry whose sizes are known: they stand in its header.
  struct Sizes {
    uint64_t content = 0;
    uint64_t stored = 0;
    uint32_t crc = 0;
  };
  void begin(const std::string& name, Method method, const Sizes& sizes);
  // An entry whose sizes follow it. `at_most` is a bound of the content's size.
  void begin_unknown(const std::string& name, uint64_t at_most);
  void write(std::string_view bytes);
  void end();                                // of begin()
  void end(uint64_t content, uint32_t crc);  // of begin_unknown()
  // Gives everything that is ready to the output.
  void flush();
  // The central directory. Nothing may follow.
  void finish();

  uint64_t size() const { return sent_ + pending_.size(); }  // of the archive so far

 private:
  struct Callbacks;
  void open_entry(const std::string& name, Method method, bool descriptor, bool large);
  void before_end_record(std::string_view bytes);
  void close_entry(uint64_t content, uint32_t crc);
  void put(uint64_t position, std::string_view bytes);
  void patch(size_t at, uint64_t value, size_t width);
  void check(int status) const;

  Output output_;
  bool utf8_;
  void* zip_ = nullptr;
  std::string pending_;  // written by minizip and not yet given to the output
  uint64_t sent_ = 0;
  uint64_t position_ = 0;  // where minizip writes next
  bool large_ = false;     // the entry has the extra field of ZIP64
  Sizes sizes_;
  uint64_t written_ = 0;  // of the entry
  uint64_t entries_ = 0;
  uint64_t directory_ = 0;  // where the central directory begins
  bool has_zip64_record_ = false;
  bool finishing_ = false;
  std::exception_ptr failure_;  // of the output, while minizip was on the stack
};

}  // namespace hilum::archives
