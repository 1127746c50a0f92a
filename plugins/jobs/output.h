// What a job has made for download.
#pragma once

#include <hilum/draft/jobs.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace hilum::jobs {

// An open file, which need not have a name. Immutable; shared by the job and by those who send it, so that it goes with the
// last of them.
class Output {
 public:
  // Throws HILUM_E_OUT_OF_RANGE for what is no regular file, HILUM_E_SYSTEM.
  explicit Output(const hilum_job_output& output);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  uint64_t size() const { return size_; }
  const std::string& media_type() const { return media_type_; }
  const std::string& file_name() const { return file_name_; }
  // Fills `buffer`; throws HILUM_E_CORRUPTED if the file has become shorter.
  void read(uint64_t offset, char* buffer, size_t size) const;

 private:
  int file_ = -1;
  uint64_t size_ = 0;
  std::string media_type_;
  std::string file_name_;
};

// Letters, digits, '-', '_' and '.', 1 to 64 of them: keys of outputs, and types of jobs.
bool is_word(std::string_view text);

}  // namespace hilum::jobs
