// The bytes that a peer sends after the negotiation, taken apart into fragments of messages (PS3.8 sections 9.3.1, 9.3.5
// and annex E). Knows no socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace hilum::dimse {

// A piece of a fragment (PDV) of a message; `data` is valid until the next call of room(). A fragment comes in as many
// pieces as it was received in: none but the last piece of the last fragment `is_last`.
struct Pdv {
  std::string_view data;
  uint8_t context = 0;
  bool is_command = false;
  bool is_last = false;
};

// Belongs to one thread. Its memory is fixed, however long the PDUs are, and is taken with the first byte.
class PduReader {
 public:
  enum class Found {
    kPdv,
    kNothing,  // more bytes are needed
    kReleaseRequest,
    kAbort,
    kViolation,  // bytes that break the protocol: no more can be read
  };

  // Longer P-DATA-TF PDUs than the announced length are a violation; but the largest that DICOM's implementations use,
  // with or without the headers, are always taken.
  explicit PduReader(uint32_t announced_pdu_length);

  // Where received bytes are to be written, never empty; then received() says how many they were.
  std::pair<char*, size_t> room();
  void received(size_t count) { end_ += count; }

  Found next(Pdv* pdv);
  // Is the stream in the middle of a PDU?
  bool is_inside() const { return begin_ != end_ || pdu_left_ != 0; }

 private:
  static constexpr size_t kBuffer = 64 << 10;

  size_t buffered() const { return end_ - begin_; }
  Found next_pdu();
  Found next_fragment();

  uint32_t maximum_pdu_length_;
  std::unique_ptr<char[]> buffer_;
  size_t begin_ = 0, end_ = 0;
  uint32_t pdu_left_ = 0;  // bytes of the P-DATA-TF that have not been taken apart
  uint32_t pdv_left_ = 0;  // of these, bytes of the open fragment
  Pdv open_;               // its context and kind; is_last: of the fragment
};

}  // namespace hilum::dimse
