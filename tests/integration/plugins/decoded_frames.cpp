// The decoder service as routes, for codecs_test.py: the stored and the decoded bytes of a frame.
#include <hilum/cpp/hilum.h>
#include <hilum/dicom/decoder.h>
#include <hilum/dicom/frames.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/stored_file.h>

#include <memory>

namespace {

using namespace hilum;

class DecodedFrames {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1, HILUM_INDEX_V1, HILUM_ATTACHMENTS_V1,
                                              HILUM_DECODERS_DRAFT, nullptr};

  explicit DecodedFrames(Host host) : services_(host), decoders_(host), routes_(host) {
    add("/test/frames/{id}/{n}/stored", [](dicom::FrameReader& frames, uint64_t n, Answer& answer) {
      answer.bytes("application/octet-stream", frames.frame(n));
    });
    add("/test/frames/{id}/{n}/decoded", [this](dicom::FrameReader& frames, uint64_t n, Answer& answer) {
      dicom::DecodedFrame decoded{frames.is_native() ? frames.format() : dicom::PixelFormat(), {}};
      if (frames.is_native()) {
        decoded.pixels = frames.frame(n);
      } else {
        decoded = decoders_.decode(frames.transfer_syntax(), frames.format(), frames.frame(n));
      }
      answer.header("Format", describe(decoded.format));
      answer.bytes("application/octet-stream", decoded.pixels);
    });
    add("/test/frames/{id}/{n}/pieces", [](dicom::FrameReader& frames, uint64_t n, Answer& answer) {
      std::string body;
      dicom::JsonWriter json(body);
      json.begin_array();
      for (const dicom::Piece& piece : frames.pieces(n)) {
        json.unsigned_integer(piece.offset);
        json.unsigned_integer(piece.length);
      }
      json.end_array();
      answer.json(body);
    });
  }

 private:
  template <typename Function>
  void add(const char* path, Function function) {
    routes_.add({HILUM_GET, path, "For tests", HILUM_ANSWER_BINARY, HILUM_PERMISSION_VIEW},
                [this, function](Request& request, Answer& answer) {
                  Snapshot snapshot = services_.index.snapshot();
                  rest::StoredFile file(services_,
                                        rest::require(snapshot, request.parameter("id"), HILUM_INSTANCE));
                  const dicom::ParsedInstance header = file.parse_header();
                  const dicom::ReadAt read = [&](uint64_t offset, void* to, size_t count) {
                    return file.blob().read(offset, to, count);
                  };
                  dicom::FrameReader frames(dicom::ByteSource(read, file.size()), header);
                  const auto n = rest::parse_integer(request.parameter("n"));
                  if (!n || *n < 0) throw Error(HILUM_E_BAD_REQUEST, "no number of a frame");
                  function(frames, static_cast<uint64_t>(*n), answer);
                });
  }

  static std::string describe(const dicom::PixelFormat& format) {
    std::string text;
    for (const uint64_t value :
         {uint64_t{format.rows}, uint64_t{format.columns}, uint64_t{format.samples_per_pixel},
          uint64_t{format.bits_allocated}, uint64_t{format.bits_stored}, uint64_t{format.high_bit},
          uint64_t{format.is_signed}, uint64_t{format.is_planar}}) {
      text += std::to_string(value) + " ";
    }
    return text + format.photometric;
  }

  rest::Services services_;
  Decoders decoders_;
  Routes routes_;
};

}  // namespace

HILUM_PLUGIN(DecodedFrames, "decoded-frames", "1.0", "Shows frames to tests")
