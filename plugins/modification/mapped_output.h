// What was written to a SpooledOutput, seen as memory.
#pragma once

#include <hilum/dicom/transcode.h>

#include <string_view>

namespace hilum::modification {

// A view of the output, which must outlive it and not be written any more. Large outputs lie in a file: its pages take no
// memory that could not be given back. Throws HILUM_E_SYSTEM.
class MappedOutput {
 public:
  explicit MappedOutput(dicom::SpooledOutput& output);
  ~MappedOutput();
  MappedOutput(const MappedOutput&) = delete;
  MappedOutput& operator=(const MappedOutput&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  void* mapped_ = nullptr;
  std::string_view bytes_;
};

}  // namespace hilum::modification
