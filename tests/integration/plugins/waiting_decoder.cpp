// A decoder that waits until the file exists that HILUM_TEST_GATE names: to see what the server does meanwhile.
// Its transfer syntax is Deflated Image Frame Compression, its frames are as they decode.
#include <hilum/cpp/hilum.h>
#include <hilum/dicom/decoder.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <thread>

class Waiting {
 public:
  static constexpr const char* kRequired[] = {HILUM_DECODERS_DRAFT, nullptr};

  explicit Waiting(hilum::Host host) : decoders_(host) {
    decoders_.add({"1.2.840.10008.1.2.8.1"}, &Waiting::decode);
  }

 private:
  static void decode(const hilum::StoredFrame& frame) {
    const char* gate = std::getenv("HILUM_TEST_GATE");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (gate != nullptr && access(gate, F_OK) != 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    const uint64_t size = std::min(frame.size(), frame.format().frame_size());
    std::copy_n(frame.data(), size, frame.allocate(frame.format()));
  }

  hilum::Decoders decoders_;
};

HILUM_PLUGIN(Waiting, "waiting", "1.0", "Decodes when it is told to")
