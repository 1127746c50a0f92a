#include "core/dimse/tls_door.h"

#include <hilum/cpp/error.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "core/base/log.h"
#include "core/base/log_setup.h"
#include "core/dimse/acceptor.h"

namespace hilum::dimse {
namespace {

constexpr auto kTick = std::chrono::milliseconds(200);

void watch(int epoll, int operation, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll, operation, fd, &event) != 0) {
    throw Error(HILUM_E_SYSTEM, "epoll_ctl");
  }
}

}  // namespace

TlsDoor::TlsDoor(std::shared_ptr<const TlsContext> context, size_t maximum, std::chrono::milliseconds timeout,
                 int stop_fd, std::function<void(Ready&&)> on_ready)
    : context_(std::move(context)),
      maximum_(maximum),
      timeout_(timeout),
      stop_fd_(stop_fd),
      on_ready_(std::move(on_ready)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!wake_ || !epoll_) {
    throw Error(HILUM_E_SYSTEM, "too few file descriptors for the TLS handshakes");
  }
  watch(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), EPOLLIN);
  watch(epoll_.get(), EPOLL_CTL_ADD, stop_fd_, EPOLLIN);
  thread_ = std::thread([this] { run(); });
}

TlsDoor::~TlsDoor() { thread_.join(); }

void TlsDoor::admit(Ready&& ready) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (admitted_.size() >= maximum_) {  // the oldest goes, as behind the door
    log_warning(LogCategory::kDicom, "TLS connection of {} dropped: too many handshakes at once",
                admitted_.front().address);
    admitted_.erase(admitted_.begin());
  }
  admitted_.push_back(std::move(ready));
  const uint64_t one = 1;
  if (write(wake_.get(), &one, sizeof one) != sizeof one) {
    log_trace(LogCategory::kDicom, "the TLS door is awake already");
  }
}

void TlsDoor::run() {
  set_thread_name("dicom-tls");
  try {
    go_round();
  } catch (const std::exception& error) {
    log_error(LogCategory::kDicom, "no more DICOM TLS connections are accepted: {}", error.what());
  }
}

void TlsDoor::go_round() {
  auto next_tick = std::chrono::steady_clock::now() + kTick;
  for (;;) {
    std::array<epoll_event, 64> events;
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(kTick.count()));
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<size_t>(i)].data.fd;
      if (fd == stop_fd_) {
        return;
      }
      if (fd == wake_.get()) {
        take_admitted();
      } else if (const auto found = by_socket_.find(fd); found != by_socket_.end()) {
        advance(found->second);
      }
    }
    if (std::chrono::steady_clock::now() >= next_tick) {
      next_tick = std::chrono::steady_clock::now() + kTick;
      drop_late();
    }
  }
}

void TlsDoor::take_admitted() {
  uint64_t count;
  std::vector<Ready> admitted;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (read(wake_.get(), &count, sizeof count) < 0) {
      return;
    }
    admitted.swap(admitted_);
  }
  for (Ready& ready : admitted) {
    const std::string address = ready.address;
    try {
      ready.tls = std::make_unique<TlsSession>(*context_, ready.socket.get());
      if (entering_.size() >= maximum_) {
        drop(entering_.begin(), "too many handshakes at once");
      }
      const int fd = ready.socket.get();
      watch(epoll_.get(), EPOLL_CTL_ADD, fd, EPOLLIN);
      entering_.push_back({std::move(ready), std::chrono::steady_clock::now() + timeout_, false, {}});
      by_socket_[fd] = std::prev(entering_.end());
      advance(std::prev(entering_.end()));
    } catch (const std::exception& error) {
      log_warning(LogCategory::kDicom, "TLS connection of {} dropped: {}", address, error.what());
    }
  }
}

void TlsDoor::advance(Position entering) {
  if (entering->is_shaken || shake(entering)) {
    read_request(entering);
  }
}

// False: not yet, or never.
bool TlsDoor::shake(Position entering) {
  std::string why;
  switch (entering->ready.tls->handshake(&why)) {
    case TlsSession::Handshake::kDone:
      entering->is_shaken = true;
      expect(entering, EPOLLIN);
      return true;
    case TlsSession::Handshake::kWantsRead:
      expect(entering, EPOLLIN);
      return false;
    case TlsSession::Handshake::kWantsWrite:
      expect(entering, EPOLLOUT);
      return false;
    case TlsSession::Handshake::kFailed:
      drop(entering, "handshake failed: " + why);
      return false;
  }
  return false;
}

void TlsDoor::read_request(Position entering) {
  std::array<char, 16 * 1024> piece;  // a TLS record
  std::string& request = entering->request;
  for (;;) {
    const ssize_t count = entering->ready.tls->receive(piece.data(), piece.size());
    if (count < 0) {
      return;
    }
    if (count == 0) {
      drop(entering, "closed by the peer before its association request was complete");
      return;
    }
    request.append(piece.data(), static_cast<size_t>(count));
    switch (judge_first_pdu(request, request.size())) {
      case FirstPdu::kIncomplete:
        break;
      case FirstPdu::kInvalid:
        drop(entering, "not an association request");
        return;
      case FirstPdu::kComplete:
        entering->ready.tls->unread(std::move(request));
        on_ready_(forget(entering));
        return;
    }
  }
}

void TlsDoor::expect(Position entering, uint32_t events) {
  watch(epoll_.get(), EPOLL_CTL_MOD, entering->ready.socket.get(), events);
}

void TlsDoor::drop(Position entering, const std::string& why) {
  const Ready gone = forget(entering);
  log_warning(LogCategory::kDicom, "TLS connection of {} dropped: {}", gone.address, why);
}

Ready TlsDoor::forget(Position entering) {
  Ready ready = std::move(entering->ready);
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, ready.socket.get(), nullptr);
  by_socket_.erase(ready.socket.get());
  entering_.erase(entering);
  return ready;
}

void TlsDoor::drop_late() {
  const auto now = std::chrono::steady_clock::now();
  while (!entering_.empty() && entering_.front().deadline <= now) {
    drop(entering_.begin(), "timeout");
  }
}

}  // namespace hilum::dimse
