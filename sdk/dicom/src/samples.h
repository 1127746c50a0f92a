// Samples in a block of bytes, little-endian like all hosts that Hilum is built for.
#pragma once

#include <cstddef>
#include <cstring>

namespace hilum::dicom {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "samples are swapped nowhere");

template <typename T>
inline T sample_at(const char* data, size_t index) {
  T value;
  std::memcpy(&value, data + index * sizeof(T), sizeof(T));
  return value;
}

template <typename T>
inline void put_sample(char* data, size_t index, T value) {
  std::memcpy(data + index * sizeof(T), &value, sizeof(T));
}

}  // namespace hilum::dicom
