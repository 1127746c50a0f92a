// What an entry of an archive holds: the file of an instance, transcoded, compressed.
#pragma once

#include <hilum/cpp/log.h>
#include <hilum/dicom/transcode.h>
#include <hilum/rest/call.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "directory.h"
#include "zip_writer.h"

namespace hilum::archives {

// Longer files are never in memory as a whole: they are compressed piece by piece.
inline constexpr uint64_t kInMemory = 4u << 20;

// How the files of an archive are treated.
struct ContentOptions {
  int level = 1;          // of compression; 0: none
  std::string transcode;  // transfer syntax; empty: as they are
  dicom::TranscodeOptions transcoding;
  bool directory = false;  // facts for a DICOMDIR
  bool extended = false;
};

// A file that is too long to be in memory. One thread at a time.
class LargeFile {
 public:
  virtual ~LargeFile() = default;
  virtual uint64_t size() const = 0;
  virtual size_t read(uint64_t offset, void* to, size_t count) = 0;
};

// An entry that is ready to be written.
struct Content {
  bool exists = false;  // false: the instance has been deleted
  Method method = Method::kStored;
  uint64_t size = 0;
  std::string bytes;  // as they are written, with the CRC of what they were
  uint32_t crc = 0;
  std::unique_ptr<LargeFile> large;  // instead of `bytes`; `method` says what is to be done with it
  DirectoryFacts facts;
};

// What the functions below need; only read.
struct ContentServices {
  const rest::Services& rest;
  const dicom::Transcoder& transcoder;
  Log log;
};

// The content of an instance. Any thread.
Content load_instance(const ContentServices& services, const ContentOptions& options, const std::string& id);

// A piece of a file that is compressed piece by piece (deflate.h). Any thread.
std::string deflated_piece(int level, std::string_view bytes, bool last);

// A file of the archive itself, which is compressed like the others.
Content from_memory(const ContentOptions& options, std::string bytes);

}  // namespace hilum::archives
