#include "data_set_writer.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <hilum/cpp/error.h>
#include <zlib.h>

#include <array>

namespace hilum::dicom {
namespace {

constexpr size_t kBuffer = 64 * 1024;

void append_number(std::string& out, uint32_t value, int bytes, bool big_endian) {
  for (int i = 0; i < bytes; ++i) {
    const int shift = 8 * (big_endian ? bytes - 1 - i : i);
    out += static_cast<char>(value >> shift & 0xff);
  }
}

void append_tag(std::string& out, Tag tag, bool big_endian) {
  append_number(out, tag_group(tag), 2, big_endian);
  append_number(out, tag_element(tag), 2, big_endian);
}

}  // namespace

void write_elements(DcmDataset& data_set, E_TransferSyntax syntax, const PutBytes& put) {
  (void)data_set.computeGroupLengthAndPadding(EGL_withoutGL, EPD_withoutPadding, syntax, EET_UndefinedLength);
  std::vector<char> buffer(kBuffer);
  DcmOutputBufferStream stream(buffer.data(), static_cast<offile_off_t>(buffer.size()));
  DcmWriteCache cache;
  data_set.transferInit();
  OFCondition result;
  do {
    result = data_set.write(stream, syntax, EET_UndefinedLength, &cache, EGL_withoutGL, EPD_withoutPadding);
    void* bytes = nullptr;
    offile_off_t size = 0;
    stream.flushBuffer(bytes, size);
    if (size > 0) put({static_cast<const char*>(bytes), static_cast<size_t>(size)});
    if (result == EC_StreamNotifyClient && size == 0) break;  // would never end
  } while (result == EC_StreamNotifyClient);
  data_set.transferEnd();
  if (result.bad()) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, std::string("the data set cannot be written in transfer syntax ") +
                                             DcmXfer(syntax).getXferID() + ": " + result.text());
  }
}

void write_header(Tag tag, const char* vr, uint32_t length, const ElementWriting& writing,
                  const PutBytes& put) {
  std::string header;
  append_tag(header, tag, writing.big_endian);
  if (writing.explicit_vr) header.append(vr, 2).append(2, '\0');
  append_number(header, length, 4, writing.big_endian);
  put(header);
}

void write_item_header(Tag tag, uint32_t length, const PutBytes& put) {
  std::string header;
  append_tag(header, tag, false);
  append_number(header, length, 4, false);
  put(header);
}

Deflater::Deflater(PutBytes put) : put_(std::move(put)), stream_(new z_stream_s{}), buffer_(kBuffer) {
  // Negative: no zlib header.
  if (deflateInit2(stream_.get(), Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw Error(HILUM_E_NO_MEMORY);
  }
}

Deflater::~Deflater() { deflateEnd(stream_.get()); }

void Deflater::add(std::string_view bytes) {
  // zlib counts in 32 bits and reads only.
  constexpr size_t kAtOnce = 1u << 30;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kAtOnce))) {
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_->avail_in = static_cast<uInt>(std::min(bytes.size(), kAtOnce));
    run(Z_NO_FLUSH);
  }
}

void Deflater::finish() {
  stream_->next_in = nullptr;
  stream_->avail_in = 0;
  run(Z_FINISH);
  if (written_ % 2 != 0) put_(std::string_view("\0", 1));
}

void Deflater::run(int flush) {
  do {
    stream_->next_out = reinterpret_cast<Bytef*>(buffer_.data());
    stream_->avail_out = static_cast<uInt>(buffer_.size());
    if (deflate(stream_.get(), flush) == Z_STREAM_ERROR) throw Error(HILUM_E_INTERNAL, "deflate");
    const size_t size = buffer_.size() - stream_->avail_out;
    written_ += size;
    if (size > 0) put_({buffer_.data(), size});
  } while (stream_->avail_out == 0);
}

}  // namespace hilum::dicom
