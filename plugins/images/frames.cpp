// What frames there are, and their stored bytes.
#include <hilum/rest/json_answer.h>
#include <zlib.h>

#include <algorithm>

#include "answer_stream.h"
#include "images.h"
#include "instance_image.h"

namespace hilum::images {

namespace {

constexpr size_t kPiece = 1u << 20;

const char* raw_type(std::string_view transfer_syntax) {
  if (transfer_syntax == "1.2.840.10008.1.2.4.50") return "image/jpeg";
  if (transfer_syntax == "1.2.840.10008.1.2.4.90" || transfer_syntax == "1.2.840.10008.1.2.4.91") {
    return "image/jp2";
  }
  return "application/octet-stream";
}

// Gives the stored bytes of a frame to `write`, in pieces.
template <typename Write>
void read_frame(InstanceImage& image, uint64_t frame, Write&& write) {
  const std::vector<dicom::Piece> pieces = image.frames().pieces(frame);
  if (pieces.empty()) {
    const std::string bytes = image.frames().frame(frame);
    for (size_t done = 0; done < bytes.size(); done += kPiece)
      write(std::string_view(bytes).substr(done, kPiece));
    return;
  }
  for (const dicom::Piece& piece : pieces) {
    for (uint64_t done = 0; done < piece.length;) {
      const std::string bytes = image.blob().read(
          piece.offset + done, static_cast<size_t>(std::min<uint64_t>(kPiece, piece.length - done)));
      if (bytes.empty()) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
      write(std::string_view(bytes));
      done += bytes.size();
    }
  }
}

// A gzip file (RFC 1952), written piece by piece.
class GzipWriter {
 public:
  explicit GzipWriter(AnswerStream& answer) : answer_(answer) {
    constexpr int kGzipHeader = 16;
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipHeader + MAX_WBITS, 8,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      throw Error(HILUM_E_NO_MEMORY);
    }
  }
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;
  ~GzipWriter() { deflateEnd(&stream_); }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, kPiece);  // zlib counts in 32 bits
      deflate_all(part, Z_NO_FLUSH);
      bytes.remove_prefix(part.size());
    }
  }
  void finish() { deflate_all({}, Z_FINISH); }

 private:
  void deflate_all(std::string_view bytes, int flush) {
    // zlib only reads it, though its type does not say so.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(buffer_);
      stream_.avail_out = sizeof buffer_;
      (void)deflate(&stream_, flush);
      answer_.write({buffer_, sizeof buffer_ - stream_.avail_out});
    } while (stream_.avail_out == 0);
  }

  AnswerStream& answer_;
  z_stream stream_{};
  char buffer_[32 << 10];
};

}  // namespace

void list_frames(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  rest::StoredFile file(call.context.services, rest::require(snapshot, call.id(), HILUM_INSTANCE));
  const dicom::ParsedInstance header = file.parse_image_header();
  const uint64_t count = dicom::is_video(header.transfer_syntax) ? 1 : dicom::frame_count(header.data_set());
  check_listed_frames(count);
  rest::JsonAnswer answer(call.answer);
  answer.writer().begin_array();
  for (uint64_t i = 0; i < count; ++i) {
    answer.writer().unsigned_integer(i);
    answer.flush();
  }
  answer.writer().end_array();
  answer.finish();
}

// Neither the instance nor the frame is looked up, as clients know it.
void list_operations(ImageCall& call) {
  call.answer.json(
      R"(["image-int16","image-uint16","image-uint8","matlab","numpy","preview","raw","raw.gz","rendered"])");
}

void get_raw(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  const std::optional<uint64_t> frame = frame_number(call.frame_text());
  if (!frame) return;  // 404 with an empty body
  InstanceImage image(call.context, rest::require(snapshot, call.id(), HILUM_INSTANCE));
  const std::vector<dicom::Piece> pieces = image.frames().pieces(*frame);
  const char* type = raw_type(image.frames().transfer_syntax());
  if (pieces.size() == 1)
    return call.answer.blob_range(type, image.blob(), pieces[0].offset, pieces[0].length);
  AnswerStream answer(call.answer, type);
  read_frame(image, *frame, [&](std::string_view piece) { answer.write(piece); });
  answer.finish();
}

void get_raw_gz(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  const std::optional<uint64_t> frame = frame_number(call.frame_text());
  if (!frame) return;  // 404 with an empty body
  InstanceImage image(call.context, rest::require(snapshot, call.id(), HILUM_INSTANCE));
  AnswerStream answer(call.answer, "application/gzip");
  GzipWriter gzip(answer);
  read_frame(image, *frame, [&](std::string_view piece) { gzip.write(piece); });
  gzip.finish();
  answer.finish();
}

}  // namespace hilum::images
