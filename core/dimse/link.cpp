#include "core/dimse/link.h"

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/dul.h>
#include <fcntl.h>
#include <poll.h>
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

Receive receive_result(const OFCondition& condition) {
  if (condition == DUL_PEERREQUESTEDRELEASE) {
    return Receive::kReleaseRequested;
  }
  if (condition == DUL_PEERABORTEDASSOCIATION || condition == DUL_NETWORKCLOSED) {
    return Receive::kClosed;
  }
  if (condition == DUL_READTIMEOUT) {
    return Receive::kTimeout;
  }
  return Receive::kViolation;
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
  Link link(association, socket.get(), stop_fd);
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
      has_unread_(other.has_unread_),
      unread_(other.unread_) {}

Link::~Link() {
  if (association_ != nullptr) {
    ASC_dropAssociation(association_);
    ASC_destroyAssociation(&association_);
  }
}

bool Link::take_buffered(Pdv* pdv) {
  if (has_unread_) {
    *pdv = unread_;
    has_unread_ = false;
    return true;
  }
  DUL_PDV fragment;
  if (DUL_NextPDV(&association_->DULassociation, &fragment).bad()) {
    return false;
  }
  pdv->data = {static_cast<const char*>(fragment.data), fragment.fragmentLength};
  pdv->context = fragment.presentationContextID;
  pdv->is_command = fragment.pdvType == DUL_COMMANDPDV;
  pdv->is_last = fragment.lastPDV != OFFalse;
  return true;
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

Receive Link::next(Pdv* pdv, std::chrono::milliseconds timeout, bool or_stop) {
  for (;;) {
    if (take_buffered(pdv)) {
      return Receive::kOk;
    }
    const Receive waited = wait(timeout, or_stop);
    if (waited != Receive::kOk) {
      return waited;
    }
    // Reads one whole P-DATA-TF (at most the PDU length that we announced); silence within it ends after the
    // socket's own time limit.
    const OFCondition condition = DUL_ReadPDVs(&association_->DULassociation, nullptr, DUL_NOBLOCK, 30);
    if (condition != DUL_PDATAPDUARRIVED) {
      return receive_result(condition);
    }
  }
}

bool Link::is_readable() {
  if (!has_unread_) {
    has_unread_ = take_buffered(&unread_);
  }
  if (has_unread_) {
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

void Link::abort() { ASC_abortAssociation(association_); }

void Link::acknowledge_release() { ASC_acknowledgeRelease(association_); }

bool Link::send(uint8_t context, T_DIMSE_Message& message, const std::string& comment, DcmDataset* data) {
  DcmDataset detail;
  if (!comment.empty()) {
    // ErrorComment is LO: 64 characters of the default repertoire, no backslash.
    std::string text;
    for (const char c : comment.substr(0, 64)) {
      text.push_back(c >= ' ' && c <= '~' && c != '\\' ? c : '?');
    }
    detail.putAndInsertString(DCM_ErrorComment, text.c_str());
  }
  return DIMSE_sendMessageUsingMemoryData(association_, context, &message,
                                          comment.empty() ? nullptr : &detail, data, nullptr, nullptr)
      .good();
}

}  // namespace hilum::dimse
