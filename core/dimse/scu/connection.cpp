#include "core/dimse/scu/connection.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/bytes.h"

namespace hilum::dimse {
namespace {

constexpr std::string_view kReleaseRequestPdu("\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10);
constexpr std::string_view kReleaseAnswerPdu("\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10);
constexpr std::string_view kAbortPdu("\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10);
// With the time limit 0 ("none"), an association is not waited for in eternity.
constexpr std::chrono::milliseconds kNegotiationTimeout{10000};
// What is read of a source and sent at once: some system calls for a slice of CT, and no more memory for a film.
constexpr size_t kChunk = 1 << 20;
// In one PDU, if the peer sets no limit or a greater one.
constexpr uint32_t kLargestPdu = 131072;
constexpr uint32_t kSmallestPdu = 128;  // less is a mistake of the peer
constexpr size_t kPduHeaders = 12;      // of the PDU and of its one fragment

enum Control : uint8_t { kData = 0, kLastData = 2 };

std::array<char, kPduHeaders> data_header(uint8_t context, size_t size, bool is_last) {
  std::array<char, kPduHeaders> header{};
  header[0] = 4;  // P-DATA-TF
  store_be(&header[2], static_cast<uint32_t>(size + 6));
  store_be(&header[6], static_cast<uint32_t>(size + 2));
  header[10] = static_cast<char>(context);
  header[11] = static_cast<char>(is_last ? kLastData : kData);
  return header;
}

iovec part(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, uint32_t maximum_pdu_length,
                       std::vector<Proposal> proposals)
    : transport_(std::move(transport)), reader_(maximum_pdu_length), proposals_(std::move(proposals)) {}

std::unique_ptr<Connection> Connection::open(const Target& target, const ClientTls& tls,
                                             uint32_t maximum_pdu_length, std::vector<Proposal> proposals) {
  Target limited = target;
  if (limited.timeout.count() == 0) limited.timeout = kNegotiationTimeout;
  if (proposals.size() > kMostContexts) proposals.resize(kMostContexts);
  std::unique_ptr<Connection> connection(
      new Connection(connect_to(limited, tls), maximum_pdu_length, std::move(proposals)));
  connection->negotiate(limited, maximum_pdu_length);
  return connection;
}

Connection::~Connection() {
  if (!is_over_) transport_->say(kAbortPdu);
}

void Connection::negotiate(const Target& target, uint32_t maximum_pdu_length) {
  transport_->send(target, encode_association_request({target.modality.local_aet, target.modality.aet,
                                                       maximum_pdu_length, proposals_}));
  // All of it within the time limit, not only each piece: an answer is short.
  const auto deadline = std::chrono::steady_clock::now() + target.timeout;
  const auto receive_exactly = [&](char* to, size_t size) {
    while (size > 0) {
      if (std::chrono::steady_clock::now() > deadline) {
        throw ConnectionError(target.where() + ": the answer to the association request takes too long");
      }
      const size_t count = transport_->receive(target, to, size);
      if (count == 0) {
        throw ConnectionError(target.where() + ": the peer has closed the connection during the negotiation");
      }
      to += count;
      size -= count;
    }
  };
  char head[kPduHead];
  receive_exactly(head, sizeof head);
  const auto length = load_be<uint32_t>(head + 2);
  if (length > kMaximumAnswer) {
    throw ConnectionError(target.where() + ": the answer to the association request is malformed");
  }
  std::string body(length, '\0');
  receive_exactly(body.data(), body.size());
  switch (static_cast<AnswerKind>(head[0])) {
    case AnswerKind::kReject:
      throw ConnectionError(target.where() + ": " + rejection_text(body));
    case AnswerKind::kAbort:
      throw ConnectionError(target.where() + ": the peer has aborted the association during the negotiation");
    case AnswerKind::kAccept:
      break;
    default:
      throw ConnectionError(target.where() + ": the answer to the association request is malformed");
  }
  is_over_ = false;
  std::optional<AssociationAnswer> answer = parse_association_accept(body, proposals_);
  if (!answer || (answer->maximum_pdu_length != 0 && answer->maximum_pdu_length < kSmallestPdu)) {
    throw ConnectionError(target.where() + ": the answer to the association request is malformed");
  }
  answer_ = std::move(*answer);
  const uint32_t largest =
      answer_.maximum_pdu_length == 0 ? kLargestPdu : std::min(answer_.maximum_pdu_length, kLargestPdu);
  fragment_size_ = (largest - 6) & ~size_t{1};  // even: PS3.8 annex E.1
}

const AcceptedContext* Connection::find(std::string_view abstract_syntax) const {
  for (const AcceptedContext& context : answer_.accepted) {
    if (context.scu && context.abstract_syntax == abstract_syntax) return &context;
  }
  return nullptr;
}

const AcceptedContext* Connection::find(std::string_view abstract_syntax,
                                        std::string_view transfer_syntax) const {
  for (const AcceptedContext& context : answer_.accepted) {
    if (context.scu && context.abstract_syntax == abstract_syntax &&
        context.transfer_syntax == transfer_syntax) {
      return &context;
    }
  }
  return nullptr;
}

const AcceptedContext* Connection::find(uint8_t number) const {
  for (const AcceptedContext& context : answer_.accepted) {
    if (context.number == number) return &context;
  }
  return nullptr;
}

uint16_t Connection::next_message_id() {
  return last_message_id_ = static_cast<uint16_t>(last_message_id_ == UINT16_MAX ? 1 : last_message_id_ + 1);
}

void Connection::send(const Target& target, uint8_t context, std::string_view command,
                      std::optional<std::string_view> data_set) {
  if (data_set && data_set->size() > fragment_size_) {
    return send(target, context, command, dicom::ByteSource(data_set->data(), data_set->size()));
  }
  std::string bytes;
  append_pdus(bytes, context, true, command, fragment_size_);
  if (data_set) append_pdus(bytes, context, false, *data_set, fragment_size_);
  transport_->send(target, bytes);
}

void Connection::send(const Target& target, uint8_t context, std::string_view command,
                      const dicom::ByteSource& data_set) {
  std::string command_pdus;
  append_pdus(command_pdus, context, true, command, fragment_size_);
  const size_t chunk_size = std::max<size_t>(1, kChunk / fragment_size_) * fragment_size_;
  std::vector<std::array<char, kPduHeaders>> headers;
  uint64_t offset = 0;
  do {
    if (offset > 0 && !target.is_wanted()) {
      throw Error(HILUM_E_CANCELED_JOB, target.where() + ": the call was given up");
    }
    const auto size = static_cast<size_t>(std::min<uint64_t>(chunk_size, data_set.size() - offset));
    const char* bytes = nullptr;
    if (data_set.memory() != nullptr) {
      bytes = reinterpret_cast<const char*>(data_set.memory()) + offset;
    } else if (size > 0) {
      if (!chunk_) chunk_.reset(new char[std::max(chunk_size, kChunk)]);
      if (data_set.read(offset, chunk_.get(), size) != size) {
        throw Error(HILUM_E_CORRUPTED, "a stored file is shorter than it was");
      }
      bytes = chunk_.get();
    }
    headers.clear();
    headers.reserve(size / fragment_size_ + 1);  // iovec points into it
    std::vector<iovec> parts;
    if (offset == 0) parts.push_back(part(command_pdus));
    size_t done = 0;
    do {
      const size_t count = std::min(fragment_size_, size - done);
      const bool is_last = offset + done + count == data_set.size();
      headers.push_back(data_header(context, count, is_last));
      parts.push_back({headers.back().data(), kPduHeaders});
      parts.push_back(part({bytes + done, count}));
      done += count;
    } while (done < size);
    offset += size;
    transport_->send(target, std::move(parts));
  } while (offset < data_set.size());
}

// A message that drips in: each byte comes in time, and the waiting for it never has to ask.
size_t Connection::read_some(const Target& target) {
  constexpr std::chrono::seconds kLongMessage(5);
  if (std::chrono::steady_clock::now() - message_since_ > kLongMessage && !target.is_wanted()) {
    throw Error(HILUM_E_CANCELED_JOB, target.where() + ": the call was given up");
  }
  const auto [to, size] = reader_.room();
  const size_t count = transport_->receive(target, to, size);
  reader_.received(count);
  return count;
}

// A peer that never stops sending must not keep a call for ever.
void Connection::check_progress(const Target& target, const Pdv& pdv) {
  constexpr size_t kMostEmptyFragments = 1000, kAskAgain = 4096;
  empty_fragments_ = pdv.data.empty() && !pdv.is_last ? empty_fragments_ + 1 : 0;
  if (empty_fragments_ > kMostEmptyFragments) {
    throw ConnectionError(target.where() + ": the peer sends nothing but empty fragments");
  }
  if (++fragments_ % kAskAgain == 0 && !target.is_wanted()) {
    throw Error(HILUM_E_CANCELED_JOB, target.where() + ": the call was given up");
  }
}

Pdv Connection::next(const Target& target) {
  for (;;) {
    Pdv pdv;
    switch (reader_.next(&pdv)) {
      case PduReader::Found::kPdv:
        has_answered_ = true;
        check_progress(target, pdv);
        return pdv;
      case PduReader::Found::kReleaseRequest:
        transport_->say(kReleaseAnswerPdu);
        is_over_ = true;
        throw ConnectionError(target.where() + ": the peer has released the association");
      case PduReader::Found::kAbort:
        is_over_ = true;
        throw ConnectionError(target.where() + ": the peer has aborted the association");
      case PduReader::Found::kViolation:
        throw ConnectionError(target.where() + ": the peer has broken the protocol");
      case PduReader::Found::kNothing:
        break;
    }
    if (read_some(target) == 0) {
      is_over_ = true;
      throw ConnectionError(target.where() + ": the peer has closed the connection");
    }
  }
}

Connection::Received Connection::receive(const Target& target) {
  message_since_ = std::chrono::steady_clock::now();
  Received received;
  std::string bytes;
  Pdv pdv;
  do {
    pdv = next(target);
    if (bytes.empty()) received.context = pdv.context;
    if (!pdv.is_command || pdv.context != received.context ||
        bytes.size() + pdv.data.size() > kMaximumCommandSize) {
      throw ConnectionError(target.where() + ": the peer has broken the protocol");
    }
    bytes.append(pdv.data);
  } while (!pdv.is_last);
  std::optional<Command> command = parse_command(bytes);
  if (!command || find(received.context) == nullptr) {
    throw ConnectionError(target.where() + ": the peer has sent a malformed command");
  }
  received.command = std::move(*command);
  return received;
}

void Connection::receive_data_set(const Target& target, uint8_t context,
                                  const std::function<void(std::string_view)>& append) {
  Pdv pdv;
  do {
    pdv = next(target);
    if (pdv.is_command || pdv.context != context) {
      throw ConnectionError(target.where() + ": the peer has broken the protocol");
    }
    append(pdv.data);
  } while (!pdv.is_last);
}

std::string Connection::receive_data_set(const Target& target, uint8_t context, size_t limit) {
  std::string bytes;
  receive_data_set(target, context, [&](std::string_view piece) {
    if (bytes.size() + piece.size() > limit) {
      throw ConnectionError(
          fmt::format("{}: a data set of more than {} bytes in an answer", target.where(), limit));
    }
    bytes.append(piece);
  });
  return bytes;
}

void Connection::release(std::chrono::milliseconds patience) noexcept {
  if (std::exchange(is_over_, true)) return;
  try {
    if (!transport_->say(kReleaseRequestPdu)) return;
    // Whatever comes is either the confirmation or of no interest.
    char bytes[256];
    if (transport_->wait_readable(patience)) {
      Target soon;
      soon.timeout = std::max(patience, std::chrono::milliseconds(1));
      transport_->receive(soon, bytes, sizeof bytes);
    }
  } catch (const std::exception&) {
    // The association is over either way.
  }
}

}  // namespace hilum::dimse
