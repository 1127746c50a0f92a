#include "core/dimse/pdu_reader.h"

#include <algorithm>
#include <cstring>

#include "core/base/bytes.h"

namespace hilum::dimse {
namespace {

constexpr size_t kPduHeader = 6;             // type, reserved, length
constexpr uint32_t kPdvHeader = 6;           // length, context, message control header
constexpr uint32_t kControlInPdvLength = 2;  // what the length of a PDV counts besides its bytes
constexpr uint32_t kReleaseLength = 4;
constexpr uint32_t kLargestUsual = 131072;  // PS3.8 sets no limit; this is the largest that toolkits offer

enum PduType : uint8_t { kPData = 4, kReleaseRequest = 5, kAbort = 7 };
enum Control : uint8_t { kCommand = 1, kLast = 2 };

}  // namespace

PduReader::PduReader(uint32_t announced_pdu_length)
    : maximum_pdu_length_(std::max(announced_pdu_length, kLargestUsual) + 2 * kPduHeader) {}

std::pair<char*, size_t> PduReader::room() {
  if (!buffer_) {
    buffer_.reset(new char[kBuffer]);
  }
  // What is left of a header, a few bytes: next() gives all bytes of fragments away.
  std::memmove(buffer_.get(), buffer_.get() + begin_, buffered());
  end_ = buffered();
  begin_ = 0;
  return {buffer_.get() + end_, kBuffer - end_};
}

PduReader::Found PduReader::next_pdu() {
  if (buffered() < kPduHeader) {
    return Found::kNothing;
  }
  const auto type = static_cast<uint8_t>(buffer_[begin_]);
  const auto length = load_be<uint32_t>(&buffer_[begin_ + 2]);
  switch (type) {
    case kPData:
      if (length < kPdvHeader || length > maximum_pdu_length_) {
        return Found::kViolation;
      }
      begin_ += kPduHeader;
      pdu_left_ = length;
      return Found::kPdv;
    case kReleaseRequest:
      if (length != kReleaseLength) {
        return Found::kViolation;
      }
      if (buffered() < kPduHeader + kReleaseLength) {
        return Found::kNothing;
      }
      begin_ += kPduHeader + kReleaseLength;
      return Found::kReleaseRequest;
    case kAbort:
      return Found::kAbort;
    default:
      return Found::kViolation;
  }
}

PduReader::Found PduReader::next_fragment() {
  if (pdu_left_ < kPdvHeader) {
    return Found::kViolation;
  }
  if (buffered() < kPdvHeader) {
    return Found::kNothing;
  }
  const auto length = load_be<uint32_t>(&buffer_[begin_]);
  if (length < kControlInPdvLength || length > pdu_left_ - sizeof length) {
    return Found::kViolation;
  }
  const auto control = static_cast<uint8_t>(buffer_[begin_ + 5]);
  open_ = {{}, static_cast<uint8_t>(buffer_[begin_ + 4]), (control & kCommand) != 0, (control & kLast) != 0};
  begin_ += kPdvHeader;
  pdu_left_ -= kPdvHeader;
  pdv_left_ = length - kControlInPdvLength;
  return Found::kPdv;
}

PduReader::Found PduReader::next(Pdv* pdv) {
  if (pdv_left_ == 0) {
    if (pdu_left_ == 0) {
      const Found found = next_pdu();
      if (found != Found::kPdv) {
        return found;
      }
    }
    const Found found = next_fragment();
    if (found != Found::kPdv) {
      return found;
    }
  }
  const auto count = static_cast<uint32_t>(std::min<size_t>(pdv_left_, buffered()));
  if (count == 0 && pdv_left_ != 0) {
    return Found::kNothing;
  }
  *pdv = open_;
  pdv->data = {buffer_.get() + begin_, count};
  begin_ += count;
  pdu_left_ -= count;
  pdv_left_ -= count;
  pdv->is_last = open_.is_last && pdv_left_ == 0;
  return Found::kPdv;
}

}  // namespace hilum::dimse
