#include "core/dimse/link.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>

#include "core/dimse/acceptor.h"
#include "core/dimse/request_check.h"
#include "core/dimse/tls_layer.h"

namespace hilum::dimse {
namespace {

// Guards dcmExternalSocketHandle, through which DCMTK takes the socket over. Nobody waits for the network
// while holding it.
std::mutex& handover_mutex() {
  static std::mutex mutex;
  return mutex;
}

// Silence within a PDU ends after this, even if there is no limit between messages.
constexpr std::chrono::seconds kSilenceInPdu{30};
constexpr std::chrono::seconds kSendTimeout{30};
constexpr std::chrono::seconds kAbortTimeout{1};
constexpr size_t kPduHeader = 6;

// DCMTK closes the handle that it has been given in some of its failures, and forgets it in others (a peer that has reset the
// connection meanwhile). If the number still stands for the same connection, it is ours: nobody else has a duplicate.
void close_if_left(int duplicate, int socket) {
  struct stat left {};
  struct stat same {};
  if (fstat(duplicate, &left) == 0 && fstat(socket, &same) == 0 && left.st_ino == same.st_ino &&
      left.st_dev == same.st_dev) {
    close(duplicate);
  }
}

// The A-ASSOCIATE-RQ that lies in the kernel, or in the TLS session, and stays there.
std::string look_at_request(const Stream& stream) {
  if (stream.tls() != nullptr) {
    return std::string(stream.tls()->unread_bytes());
  }
  std::string bytes;
  for (const bool is_whole : {false, true}) {
    bytes.resize(is_whole ? std::min(first_pdu_size(bytes), kPduHeader + kMaximumFirstPdu) : kPduHeader);
    const ssize_t count = recv(stream.socket(), bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count != static_cast<ssize_t>(bytes.size())) {
      return {};
    }
  }
  return bytes;
}

}  // namespace

const char* receive_text(Receive result) {
  switch (result) {
    case Receive::kOk:
      return "received";
    case Receive::kTimeout:
      return "timeout";
    case Receive::kReleaseRequested:
      return "released";
    case Receive::kClosed:
      return "aborted by peer";
    case Receive::kViolation:
      return "protocol violation";
    case Receive::kStopped:
      return "server stops";
  }
  return "";
}

std::optional<Link> Link::receive(T_ASC_Network* network, TlsLayer* layer, Stream stream,
                                  uint32_t maximum_pdu_length, int stop_fd, std::string* error) {
  const std::string request = look_at_request(stream);
  if (request.size() < kPduHeader || !is_well_formed_request(std::string_view(request).substr(kPduHeader))) {
    *error = request.empty() ? "the connection is lost" : "it is malformed";
    return std::nullopt;
  }
  const int duplicate = fcntl(stream.socket(), F_DUPFD_CLOEXEC, 3);
  if (duplicate < 0) {
    *error = "too many open files";
    return std::nullopt;
  }
  T_ASC_Association* association = nullptr;
  OFCondition condition;
  {
    const std::lock_guard<std::mutex> lock(handover_mutex());
    dcmExternalSocketHandle.set(duplicate);
    if (layer != nullptr) {
      layer->set_next(stream.tls());
    }
    condition = ASC_receiveAssociation(network, &association, static_cast<long>(maximum_pdu_length), nullptr,
                                       nullptr, layer != nullptr, DUL_NOBLOCK, 5);
    dcmExternalSocketHandle.set(DCMNET_INVALID_SOCKET);
    if (layer != nullptr) {
      layer->set_next(nullptr);
    }
  }
  const int socket = stream.socket();
  std::optional<Link> link = Link(association, std::move(stream), stop_fd, maximum_pdu_length);
  if (condition.bad()) {
    *error = condition.text();
    link.reset();
    close_if_left(duplicate, socket);
  }
  return link;
}

Link::Link(Link&& other) noexcept
    : association_(std::exchange(other.association_, nullptr)),
      stream_(std::move(other.stream_)),
      stop_fd_(other.stop_fd_),
      reader_(std::move(other.reader_)) {}

Link::~Link() {
  if (association_ != nullptr) {
    ASC_dropAssociation(association_);
    ASC_destroyAssociation(&association_);
  }
}

Receive Link::wait(std::chrono::milliseconds timeout, bool or_stop) const {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  if (stream_.has_buffered()) {
    return Receive::kOk;
  }
  for (;;) {
    int milliseconds = -1;
    if (timeout.count() > 0) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      milliseconds = static_cast<int>(std::max<int64_t>(0, left.count()));
    }
    pollfd fds[2] = {{stream_.socket(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    const int ready = poll(fds, or_stop ? 2 : 1, milliseconds);
    if (ready < 0 && errno == EINTR) {
      continue;
    }
    if (ready <= 0) {
      return Receive::kTimeout;
    }
    return or_stop && fds[1].revents != 0 ? Receive::kStopped : Receive::kOk;
  }
}

// Takes what lies in the socket: kOk with something in the reader, kTimeout without.
Receive Link::receive_some() {
  const auto [to, size] = reader_.room();
  const ssize_t count = stream_.receive(to, size);
  if (count > 0) {
    reader_.received(static_cast<size_t>(count));
  }
  return count > 0 ? Receive::kOk : count == 0 ? Receive::kClosed : Receive::kTimeout;
}

Receive Link::next(Pdv* pdv, std::chrono::milliseconds timeout, bool or_stop) {
  for (;;) {
    switch (reader_.next(pdv)) {
      case PduReader::Found::kPdv:
        return Receive::kOk;
      case PduReader::Found::kReleaseRequest:
        return Receive::kReleaseRequested;
      case PduReader::Found::kAbort:
        return Receive::kClosed;
      case PduReader::Found::kViolation:
        return Receive::kViolation;
      case PduReader::Found::kNothing:
        break;
    }
    const bool inside = reader_.is_inside();
    // In the middle of a message the next bytes are mostly there already.
    Receive received = or_stop && !inside ? Receive::kTimeout : receive_some();
    if (received == Receive::kTimeout) {
      received = wait(timeout.count() > 0 || !inside ? timeout : kSilenceInPdu, or_stop);
      if (received == Receive::kOk) {
        received = receive_some();
        if (received == Receive::kTimeout) {
          continue;  // readable, and then it was not: no silence
        }
      }
    }
    if (received != Receive::kOk) {
      return received;
    }
  }
}

bool Link::is_readable() { return reader_.is_inside() || stream_.is_readable(); }

bool Link::acknowledge() { return ASC_acknowledgeAssociation(association_).good(); }

void Link::reject(T_ASC_RejectParametersResult result, T_ASC_RejectParametersReason reason) {
  const T_ASC_RejectParameters parameters = {result, ASC_SOURCE_SERVICEUSER, reason};
  ASC_rejectAssociation(association_, &parameters);
}

void Link::abort() {
  // Not DCMTK's: it would look for PDUs in what is left of the message that we have begun to read. A-ABORT of PS3.8 section
  // 9.3.8 by the service user; then what still comes is thrown away for a while, so that the peer gets to read it.
  // A server that stops does not wait for that.
  if (!send_bytes(std::string_view("\x07\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10))) {
    return;
  }
  shutdown(stream_.socket(), SHUT_WR);
  const auto deadline = std::chrono::steady_clock::now() + kAbortTimeout;
  pollfd fds[2] = {{stream_.socket(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  char bytes[16384];
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || poll(fds, 2, static_cast<int>(left.count())) <= 0 || fds[1].revents != 0 ||
        recv(stream_.socket(), bytes, sizeof bytes, MSG_DONTWAIT) <= 0) {
      return;
    }
  }
}

void Link::acknowledge_release() {
  // DCMTK has not seen the request, so its state does not allow it to answer: A-RELEASE-RP of PS3.8 section 9.3.7.
  send_bytes(std::string_view("\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10));
}

bool Link::send_bytes(std::string_view bytes) { return stream_.send(bytes, kSendTimeout); }

bool Link::send(uint8_t context, const Response& response, std::optional<std::string_view> data_set) {
  // What the peer takes in one PDU; DCMTK has subtracted the headers.
  const size_t fragment_size = association_->sendPDVLength;
  std::string bytes;
  append_pdus(bytes, context, true, encode_response(response, data_set.has_value()), fragment_size);
  if (data_set) {
    append_pdus(bytes, context, false, *data_set, fragment_size);
  }
  return send_bytes(bytes);
}

bool Link::send(uint8_t context, const Request& request, const dicom::ByteSource* data_set) {
  constexpr size_t kPiece = 256 << 10;
  const size_t fragment_size = association_->sendPDVLength;
  const size_t piece_size = std::max<size_t>(1, kPiece / fragment_size) * fragment_size;
  const uint64_t size = data_set == nullptr ? 0 : data_set->size();
  std::string bytes;
  append_pdus(bytes, context, true, encode_request(request, data_set != nullptr), fragment_size);
  if (data_set == nullptr) {
    return send_bytes(bytes);
  }
  std::string piece(static_cast<size_t>(std::min<uint64_t>(size, piece_size)), '\0');
  bytes.reserve(bytes.size() + piece.size() + 1024);
  uint64_t position = 0;
  do {
    size_t count = 0;
    try {
      count = data_set->read(position, piece.data(), piece.size());
      if (count == 0 && size != 0) {
        throw Error(HILUM_E_CORRUPTED, "a data set ends too early");
      }
    } catch (const Error&) {
      if (position == 0) {
        throw;
      }
      return false;
    }
    position += count;
    append_fragments(bytes, context, std::string_view(piece).substr(0, count), fragment_size,
                     position == size);
    if (!send_bytes(bytes)) {
      return false;
    }
    bytes.clear();
  } while (position < size);
  return true;
}

}  // namespace hilum::dimse
