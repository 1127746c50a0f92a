#include "deflate.h"

#include <hilum/cpp/error.h>
#include <isa-l/crc.h>

namespace hilum::archives {

namespace {

constexpr uint32_t kBufferSizes[] = {0, ISAL_DEF_LVL1_DEFAULT, ISAL_DEF_LVL2_DEFAULT, ISAL_DEF_LVL3_DEFAULT};

void check(int status) {
  if (status != COMP_OK) throw Error(HILUM_E_INTERNAL, "ISA-L: deflate: " + std::to_string(status));
}

}  // namespace

uint32_t crc32(uint32_t before, std::string_view bytes) {
  return crc32_gzip_refl(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

Deflater::Deflater(int level) : level_(level), buffer_(new uint8_t[kBufferSizes[level]]), stream_{} {}

void Deflater::begin(std::string_view bytes, bool last) {
  isal_deflate_init(&stream_);
  stream_.level = static_cast<uint32_t>(level_);
  stream_.level_buf = buffer_.get();
  stream_.level_buf_size = kBufferSizes[level_];
  // A flush ends on a full byte. A stream begins anew with each piece, so that none refers to another.
  stream_.flush = last ? NO_FLUSH : SYNC_FLUSH;
  stream_.end_of_stream = last ? 1 : 0;
  // ISA-L reads from where a pointer to changeable bytes shows.
  stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(bytes.data()));
  stream_.avail_in = static_cast<uint32_t>(bytes.size());
}

bool Deflater::whole(std::string_view bytes, std::string& out) {
  if (bytes.empty()) return false;
  out.resize(bytes.size() - 1);
  begin(bytes, true);
  stream_.next_out = reinterpret_cast<uint8_t*>(out.data());
  stream_.avail_out = static_cast<uint32_t>(out.size());
  check(isal_deflate(&stream_));
  if (stream_.internal_state.state != ZSTATE_END) return false;
  out.resize(stream_.total_out);
  out.shrink_to_fit();  // entries wait for the client; they shall not hold the room of what they were
  return true;
}

void Deflater::piece(std::string_view bytes, bool last, std::string& out) {
  begin(bytes, last);
  out.clear();
  do {
    const size_t filled = out.size();
    out.resize(filled + bytes.size() + 1024);
    stream_.next_out = reinterpret_cast<uint8_t*>(out.data() + filled);
    stream_.avail_out = static_cast<uint32_t>(out.size() - filled);
    check(isal_deflate(&stream_));
    out.resize(out.size() - stream_.avail_out);
  } while (stream_.avail_out == 0);
}

}  // namespace hilum::archives
