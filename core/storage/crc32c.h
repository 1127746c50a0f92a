// CRC-32C (Castagnoli), as in iSCSI (RFC 3720, appendix B.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hilum::storage {

// Continues `crc` (0 at first). With SSE 4.2 some 8 GB/s.
uint32_t crc32c(uint32_t crc, const void* data, size_t size);
inline uint32_t crc32c(std::string_view bytes) { return crc32c(0, bytes.data(), bytes.size()); }

}  // namespace hilum::storage
