// DICOMDIR: the directory of DICOM media (PS3.3 annex F, PS3.10 section 8).
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/charset.h>
#include <hilum/rest/temporary_file.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::archives {

// What the directory says of one file: the elements of its four records, each ready to be written.
struct DirectoryFacts {
  std::string patient, study, series, image;
};

// Reads them from a DICOM file, transcoded or not. Throws HILUM_E_BAD_FORMAT. `extended`: SeriesDescription, too.
DirectoryFacts directory_facts(const dicom::ByteSource& file, dicom::Encoding default_encoding,
                               bool extended);

// Writes a directory while the files of the media go by; what is behind the last megabyte lies in a temporary file, for
// records take some 300 bytes an image. One thread at a time.
class DirectoryWriter {
 public:
  explicit DirectoryWriter(const std::string& temporary_folder);

  // The next file, at `path` of the media ("IMAGES\\IM0"), with the ids of the resources that it belongs to: files of one series,
  // study and patient follow each other. Throws HILUM_E_TOO_LARGE: its offsets have 32 bits.
  void add(const DirectoryFacts& facts, std::string_view path, std::string_view patient,
           std::string_view study, std::string_view series);
  // The end. Nothing may follow.
  void finish();

  uint64_t size() const { return written_ + tail_.size(); }
  size_t read(uint64_t offset, void* to, size_t count) const;

 private:
  // The record that is open at each level of the hierarchy.
  struct Open {
    std::string id;
    uint64_t next = 0;   // where the offset of the next record belongs
    uint64_t lower = 0;  // where the offset of the first record below belongs
  };
  void begin_record(size_t level, std::string_view id, std::string_view elements);
  void patch(uint64_t at, uint64_t value);

  rest::TemporaryFile file_;
  uint64_t written_ = 0;  // bytes in the file; the rest is the tail
  std::string tail_;
  uint64_t last_root_ = 0;  // position of the offset of the last patient
  uint64_t first_root_ = 0;
  std::vector<Open> open_;
};

}  // namespace hilum::archives
