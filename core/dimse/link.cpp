#include "core/dimse/link.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <utility>

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

std::optional<Link> Link::receive(T_ASC_Network* network, const UniqueFd& socket, uint32_t maximum_pdu_length,
                                  int stop_fd, std::string* error) {
  const int duplicate = fcntl(socket.get(), F_DUPFD_CLOEXEC, 3);
  if (duplicate < 0) {
    *error = "too many open files";
    return std::nullopt;
  }
  T_ASC_Association* association = nullptr;
  OFCondition condition;
  {
    const std::lock_guard<std::mutex> lock(handover_mutex());
    dcmExternalSocketHandle.set(duplicate);
    condition = ASC_receiveAssociation(network, &association, static_cast<long>(maximum_pdu_length), nullptr,
                                       nullptr, OFFalse, DUL_NOBLOCK, 5);
    dcmExternalSocketHandle.set(DCMNET_INVALID_SOCKET);
  }
  Link link(association, socket.get(), stop_fd, maximum_pdu_length);
  if (condition.bad()) {
    *error = condition.text();
    return std::nullopt;
  }
  return link;
}

Link::Link(Link&& other) noexcept
    : association_(std::exchange(other.association_, nullptr)),
      socket_(other.socket_),
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
  for (;;) {
    int milliseconds = -1;
    if (timeout.count() > 0) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
      milliseconds = static_cast<int>(std::max<int64_t>(0, left.count()));
    }
    pollfd fds[2] = {{socket_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
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
  for (;;) {
    const auto [to, size] = reader_.room();
    const ssize_t count = recv(socket_, to, size, MSG_DONTWAIT);
    if (count > 0) {
      reader_.received(static_cast<size_t>(count));
      return Receive::kOk;
    }
    if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
      return Receive::kClosed;
    }
    if (errno == EAGAIN) {
      return Receive::kTimeout;
    }
  }
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

bool Link::is_readable() {
  if (reader_.is_inside()) {
    return true;
  }
  pollfd fd{socket_, POLLIN, 0};
  return poll(&fd, 1, 0) > 0;
}

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
  shutdown(socket_, SHUT_WR);
  const auto deadline = std::chrono::steady_clock::now() + kAbortTimeout;
  pollfd fds[2] = {{socket_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  char bytes[16384];
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || poll(fds, 2, static_cast<int>(left.count())) <= 0 || fds[1].revents != 0 ||
        recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) {
      return;
    }
  }
}

void Link::acknowledge_release() {
  // DCMTK has not seen the request, so its state does not allow it to answer: A-RELEASE-RP of PS3.8 section 9.3.7.
  send_bytes(std::string_view("\x06\x00\x00\x00\x00\x04\x00\x00\x00\x00", 10));
}

bool Link::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<size_t>(count));
      continue;
    }
    if (errno == EINTR) {
      continue;
    }
    pollfd fd{socket_, POLLOUT, 0};
    if (errno != EAGAIN || poll(&fd, 1, std::chrono::milliseconds(kSendTimeout).count()) <= 0) {
      return false;
    }
  }
  return true;
}

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

}  // namespace hilum::dimse
