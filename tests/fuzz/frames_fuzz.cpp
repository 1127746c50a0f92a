// Frames of a DICOM file whose header can be read.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/frames.h>
#include <hilum/dicom/image_header.h>

#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

namespace {

void read_frame(dicom::FrameReader& frames, uint64_t n, const uint8_t* data, size_t size) {
  const std::string frame = frames.frame(n);
  fuzz::require(!frames.is_native() || frame.size() == frames.format().frame_size(),
                "a native frame is complete");
  const auto pieces = frames.pieces(n);
  if (pieces.empty()) return;
  std::string joined;
  for (const dicom::Piece& piece : pieces) {
    fuzz::require(piece.offset <= size && piece.length <= size - piece.offset,
                  "a frame lies within the file");
    joined.append(reinterpret_cast<const char*>(data) + piece.offset, static_cast<size_t>(piece.length));
  }
  fuzz::require(joined == frame, "the pieces of a frame are the frame");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::accepted([&] {
    const dicom::ParsedInstance header = dicom::parse_image_header(dicom::ByteSource(data, size));
    dicom::FrameReader frames(dicom::ByteSource(data, size), header);
    for (const uint64_t n : {uint64_t{1}, uint64_t{0}, frames.count() - 1, frames.count()}) {
      const bool is_read = fuzz::accepted([&] { read_frame(frames, n, data, size); });
      fuzz::require(!is_read || n < frames.count(), "there is no frame beyond the last");
    }
  });
  return 0;
}
