#include "core/base/signals.h"

#include <hilum/cpp/error.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace hilum {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) {
    sigaddset(&set, signal);
  }
  return set;
}

}  // namespace

void block_stop_signals() {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error code of write(), not the end of the server
}

StopSignal::StopSignal() {
  const sigset_t set = stop_signals();
  signals_.reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals_ || !wake_) {
    throw Error(HILUM_E_SYSTEM, "cannot create the descriptors that receive stop signals");
  }
}

void StopSignal::request(StopReason reason) {
  int seen = requested_.load();
  while (seen != static_cast<int>(StopReason::kShutdown) &&
         !requested_.compare_exchange_weak(seen, static_cast<int>(reason))) {
  }
  const uint64_t one = 1;
  // Can only fail when the counter is full, and then the waiting thread wakes anyhow.
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

std::optional<StopReason> StopSignal::take_request() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t drained = read(wake_.get(), &count, sizeof count);
  const int reason = requested_.exchange(-1);
  return reason < 0 ? std::nullopt : std::optional(static_cast<StopReason>(reason));
}

std::optional<StopReason> StopSignal::wait_for(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  for (;;) {
    if (const auto reason = take_request()) {
      return reason;
    }
    signalfd_siginfo info;
    if (read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
      return info.ssi_signo == SIGHUP ? StopReason::kHangup : StopReason::kShutdown;
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return std::nullopt;
    }
    std::array<pollfd, 2> watched = {pollfd{signals_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    poll(watched.data(), watched.size(), static_cast<int>(std::min<int64_t>(left.count(), 3600 * 1000)));
  }
}

StopReason StopSignal::wait() {
  for (;;) {
    if (const auto reason = wait_for(std::chrono::hours(1))) {
      return *reason;
    }
  }
}

}  // namespace hilum
