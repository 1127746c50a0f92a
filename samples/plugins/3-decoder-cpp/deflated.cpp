// A decoder for one more transfer syntax: Deflated Image Frame Compression, whose frames are raw deflate streams
// (PS3.5 section A.4.13, RFC 1951). All routes that show images show these too, once this plugin runs.
#include <hilum/cpp/hilum.h>
#include <hilum/dicom/decoder.h>
#include <zlib.h>

#include <string>

class Deflated {
 public:
  static constexpr const char* kRequired[] = {HILUM_DECODERS_DRAFT, nullptr};

  explicit Deflated(hilum::Host host) : decoders_(host) {
    decoders_.add({"1.2.840.10008.1.2.8.1"}, &Deflated::decode);
  }

 private:
  // On any thread, several at once. The bytes come from outside: nothing that they say is believed.
  static void decode(const hilum::StoredFrame& frame) {
    constexpr uint64_t kMostPerByte = 1032;                    // what deflate can do at best
    const hilum::dicom::PixelFormat& format = frame.format();  // deflate changes nothing about the samples
    const uint64_t size = format.frame_size();
    if (size / kMostPerByte > frame.size()) refuse("too short for its frame");
    z_stream stream{};
    stream.next_out = frame.allocate(format);  // refused if it is larger than the server allows
    stream.avail_out = static_cast<uInt>(size);
    stream.next_in = const_cast<Bytef*>(frame.data());
    stream.avail_in = static_cast<uInt>(frame.size());
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw hilum::Error(HILUM_E_NO_MEMORY);
    const int result = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    if (result != Z_STREAM_END || stream.total_out != size)
      refuse("damaged, or of another size than its frame");
  }

  [[noreturn]] static void refuse(const std::string& why) {
    throw hilum::Error(HILUM_E_BAD_FORMAT, "a deflated frame is " + why);
  }

  hilum::Decoders decoders_;
};

HILUM_PLUGIN(Deflated, "deflated", "1.0", "Decodes deflated frames")
