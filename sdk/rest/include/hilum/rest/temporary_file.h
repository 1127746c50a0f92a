// A file for the time of one request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::rest {

// A file without a name, which vanishes with its descriptor. Throws HILUM_E_SYSTEM. One thread at a time.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& folder);
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile();

  int descriptor() const { return file_; }
  void write(uint64_t offset, std::string_view bytes);

 private:
  int file_;
};

}  // namespace hilum::rest
