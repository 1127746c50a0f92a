#include "mapped_output.h"

#include <hilum/cpp/error.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace hilum::modification {

MappedOutput::MappedOutput(dicom::SpooledOutput& output) {
  const dicom::ByteSource source = output.source();
  const auto size = static_cast<size_t>(source.size());
  if (source.memory() != nullptr || size == 0) {
    bytes_ = {reinterpret_cast<const char*>(source.memory()), size};
    return;
  }
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, output.fd(), 0);
  if (memory == MAP_FAILED) {
    throw Error(HILUM_E_SYSTEM, std::string("a temporary file cannot be mapped: ") + std::strerror(errno));
  }
  mapped_ = memory;
  bytes_ = {static_cast<const char*>(memory), size};
}

MappedOutput::~MappedOutput() {
  if (mapped_ != nullptr) ::munmap(mapped_, bytes_.size());
}

}  // namespace hilum::modification
