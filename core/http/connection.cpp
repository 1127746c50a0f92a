#include "core/http/connection.h"

#include <algorithm>

#include "core/base/log.h"
#include "core/http/error_body.h"
#include "core/http/exchange.h"
#include "core/http/transport.h"

namespace hilum::http {
namespace {

constexpr size_t kReadPiece = 64 * 1024;
constexpr int kReadsPerTurn = 16;  // one fast client does not own the thread
constexpr size_t kPipelinedInput = 64 * 1024;
constexpr size_t kHighWater = 512 * 1024;  // memory that a stream may fill for a slow client
constexpr size_t kIdleInput = 256;         // more is given back between requests
constexpr std::chrono::seconds kLingerTime{2};

}  // namespace

Connection::Connection(ServerContext& context, HttpTransport& transport,
                       std::shared_ptr<Pistache::Tcp::Peer> peer, std::string remote_address)
    : context_(context),
      transport_(transport),
      peer_(std::move(peer)),
      fd_(peer_->fd()),
      remote_address_(std::move(remote_address)),
      channel_(fd_, context.tls.get()),
      reader_(context.options.max_head_size, context.options.max_header_fields),
      since_(Clock::now()),
      last_output_(since_) {
  context_.connections.fetch_add(1);
}

Connection::~Connection() {
  if (state_ != State::kDead) context_.connections.fetch_sub(1);
}

std::shared_ptr<Pistache::Tcp::Peer> Connection::die() {
  if (state_ == State::kDead) return nullptr;
  state_ = State::kDead;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    gone_ = true;
  }
  room_.notify_all();
  exchange_.reset();
  output_.clear();
  std::string().swap(input_);
  body_.reset();
  if (std::exchange(output_counted_, false)) context_.busy.fetch_sub(1);
  context_.connections.fetch_sub(1);
  return std::move(peer_);
}

void Connection::drop() { transport_.drop(*this); }

bool Connection::gone() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return gone_;
}

bool Connection::reserve(size_t n) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!gone_ && reserved_ >= kHighWater) {
    waiting_for_room_ = true;
    lock.unlock();
    const WorkerPool::Blocked blocked(context_.pool);
    lock.lock();
    room_.wait(lock, [&] { return gone_ || reserved_ < kHighWater / 2; });
    waiting_for_room_ = false;
  }
  if (gone_) return false;
  reserved_ += n;
  return true;
}

// ---- input

void Connection::on_ready() {
  if (dead()) return;
  if (!output_.empty()) {
    if (!flush()) return;
    after_flush();
  }
  if (!dead()) read();
}

void Connection::read() {
  // Made by the threads that read: as an array it would cost every thread of the process its size.
  thread_local const auto buffer = std::make_unique<char[]>(kReadPiece);
  for (int turn = 0; turn < kReadsPerTurn; ++turn) {
    if (dead()) return;
    if (paused_ || input_ended_) {
      if (channel_.failed()) drop();
      return;
    }
    size_t n = 0;
    switch (channel_.receive(buffer.get(), kReadPiece, n)) {
      case IoResult::kAgain:
        maybe_ended_ = false;
        return;
      case IoResult::kEnd:
        return on_input_end();
      case IoResult::kError:
        return drop();
      case IoResult::kDone:
        on_data({buffer.get(), n});
    }
    // A short read has emptied the socket, more data will be reported. Only an end of input that came
    // together with these bytes will not; on_tick() looks for it. That saves a recv() per request.
    const bool whole_request = state_ == State::kBusy || (state_ == State::kHead && waiting_);
    if (whole_request && n < kReadPiece && !channel_.secure()) {
      maybe_ended_ = true;
      return;
    }
  }
  transport_.post({shared_from_this(), {}, false, false, ConnectionJob::Kind::kRead});
}

void Connection::on_input_end() {
  input_ended_ = true;
  const bool answering = state_ == State::kBusy || !output_.empty();
  if (!answering) drop();  // else a client that only closed its sending side still gets its answer
}

void Connection::on_data(std::string_view data) {
  if (state_ == State::kLinger || state_ == State::kClosing) return;
  const auto now = Clock::now();
  if (state_ == State::kBody) since_ = now;
  try {
    if (input_.empty()) {
      data.remove_prefix(consume(data));
      input_ = data;
    } else {
      input_ += data;
      input_.erase(0, consume(input_));
    }
  } catch (const Error& error) {
    fail(error);
  }
  if (state_ == State::kHead) {
    if (waiting_ && !input_.empty()) since_ = now;  // the head's deadline counts from its first byte
    waiting_ = input_.empty();
  }
  if (dead() || state_ == State::kClosing || state_ == State::kLinger) {
    std::string().swap(input_);
  } else if (input_.size() > kPipelinedInput && (state_ == State::kBusy || !output_.empty())) {
    paused_ = true;
  }
}

// Works off whole heads and what there is of bodies; returns how many bytes are used.
size_t Connection::consume(std::string_view data) {
  size_t used = 0;
  while (true) {
    if (state_ == State::kHead && output_.empty()) {
      if (used == data.size()) break;
      head_ = ReceivedHead();
      const size_t n = reader_.read_head(data.substr(used), head_);
      if (n == 0) break;
      used += n;
      on_head();
    } else if (state_ == State::kBody) {
      const size_t n = reader_.read_body(data.substr(used), *body_);
      used += n;
      if (reader_.body_done()) {
        dispatch();
      } else {
        break;
      }
    } else {
      break;
    }
  }
  return used;
}

void Connection::on_head() {
  context_.requests.fetch_add(1, std::memory_order_relaxed);
  Request request;
  request.target = std::move(head_.target);
  request.headers = std::move(head_.headers);
  request.remote_address = remote_address_;
  request.secure = channel_.secure();
  std::optional<ReadyAnswer> refusal;
  if (context_.draining) {
    const Error stopping(HILUM_E_UNAVAILABLE, "the server is stopping");
    return answer_now(
        context_.dispatcher.error_answer(stopping, method_from_name(head_.method), request.target), false);
  }
  refusal = context_.dispatcher.admit(head_.method, request);
  const uint64_t limit = context_.dispatcher.options().body.max_size;
  if (!refusal && limit > 0 && head_.length > limit) {
    const Error too_large(HILUM_E_TOO_LARGE, "a body of " + std::to_string(head_.length) +
                                                 " bytes; MaximumRequestBodySizeMB allows " +
                                                 std::to_string(limit));
    refusal = context_.dispatcher.error_answer(too_large, request.method, request.path);
  }
  // The body of a refused request is not read, so what follows on the connection is of no use.
  if (refusal) return answer_now(std::move(*refusal), head_.keep_alive && !head_.has_body());
  exchange_ = std::make_shared<Exchange>(shared_from_this(), head_, std::move(request));
  if (!head_.has_body()) return dispatch();
  state_ = State::kBody;
  since_ = body_begin_ = Clock::now();
  body_ = std::make_unique<BodyWriter>(context_.dispatcher.options().body);
  body_->expect(head_.length);
  if (head_.expect_continue) {
    last_output_ = since_;
    output_.push({"HTTP/1.1 100 Continue\r\n\r\n", {}});
    flush();
  }
}

void Connection::dispatch() {
  if (body_) exchange_->request().body = body_->finish();
  body_.reset();
  state_ = State::kBusy;
  if (exchange_->is_short()) {
    if (auto pieces = exchange_->run_here()) return send_now(std::move(*pieces), exchange_->keep_alive());
  }
  if (context_.pool.submit([exchange = exchange_] { exchange->run(); })) return;
  context_.rejected.fetch_add(1, std::memory_order_relaxed);
  const Request& request = exchange_->request();
  ReadyAnswer full = context_.dispatcher.error_answer(
      Error(HILUM_E_UNAVAILABLE, "too many requests are waiting"), request.method, request.path);
  exchange_.reset();
  answer_now(std::move(full), head_.keep_alive);
}

// After an answer, or when its output is gone: goes on with what the client has sent meanwhile.
void Connection::resume() {
  if (state_ != State::kHead || !output_.empty()) return;
  if (!input_.empty()) on_data({});
  if (dead()) return;
  if (paused_ && input_.size() <= kPipelinedInput) {
    paused_ = false;
    transport_.post({shared_from_this(), {}, false, false, ConnectionJob::Kind::kRead});
  }
  if (input_ended_ && state_ == State::kHead && output_.empty()) drop();
}

// ---- output

bool Connection::flush() {
  size_t sent = 0;
  bool progress = false;
  const IoResult result = output_.flush(channel_, sent, progress);
  if (progress) last_output_ = Clock::now();
  if (sent > 0) {
    bool wake = false;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      reserved_ -= std::min(reserved_, sent);
      wake = waiting_for_room_ && reserved_ < kHighWater / 2;
    }
    if (wake) room_.notify_all();
  }
  if (result == IoResult::kError) {
    drop();
    return false;
  }
  const bool pending = !output_.empty();
  if (pending && !output_counted_) context_.busy.fetch_add(1);
  if (!pending && output_counted_) context_.busy.fetch_sub(1);
  output_counted_ = pending;
  if (pending && result == IoResult::kDone) {
    transport_.post({shared_from_this(), {}, false, false, ConnectionJob::Kind::kRead});
  }
  return true;
}

void Connection::after_flush() {
  if (!output_.empty()) return;
  if (state_ == State::kClosing) return close_after_output();
  if (state_ == State::kHead) {
    since_ = Clock::now();
    resume();
  }
}

void Connection::output(OutputPiece piece, bool last, bool keep_alive) {
  if (dead()) return;
  if (output_.empty()) last_output_ = Clock::now();
  output_.push(std::move(piece));
  if (flush() && last) finish(keep_alive);
}

void Connection::finish(bool keep_alive) {
  exchange_.reset();
  if (!keep_alive) {
    state_ = State::kClosing;
    if (output_.empty()) close_after_output();
    return;
  }
  await_request();
  resume();
}

void Connection::await_request() {
  state_ = State::kHead;
  waiting_ = true;
  served_ = true;
  since_ = Clock::now();
  if (input_.empty() && input_.capacity() > kIdleInput) std::string().swap(input_);
}

void Connection::answer_now(ReadyAnswer answer, bool keep_alive) {
  Framing framing;
  framing.keep_alive = keep_alive && context_.options.keep_alive;
  framing.keep_alive_seconds = context_.options.keep_alive_timeout.count() / 1000;
  std::vector<OutputPiece> pieces(1);
  pieces[0].bytes = answer_bytes(std::move(answer), framing, head_.method == "HEAD");
  send_now(std::move(pieces), framing.keep_alive);
}

// A whole answer of this thread's own; the caller goes on with the next request.
void Connection::send_now(std::vector<OutputPiece> pieces, bool keep_alive) {
  exchange_.reset();
  if (output_.empty()) last_output_ = Clock::now();
  for (OutputPiece& piece : pieces) output_.push(std::move(piece));
  if (keep_alive) {
    await_request();
  } else {
    body_.reset();
    state_ = State::kClosing;
  }
  if (flush() && state_ == State::kClosing && output_.empty()) close_after_output();
}

void Connection::fail(const Error& error) {
  log_info(LogCategory::kHttp, "{}: {}", remote_address_, error.what());
  const std::string path =
      exchange_ ? exchange_->request().path : head_.target.substr(0, head_.target.find('?'));
  answer_now(context_.dispatcher.error_answer(error, method_from_name(head_.method), path), false);
}

void Connection::close_after_output() {
  channel_.shut_down();
  state_ = State::kLinger;
  since_ = Clock::now();
  if (input_ended_) return drop();
  if (paused_) {
    paused_ = false;
    transport_.post({shared_from_this(), {}, false, false, ConnectionJob::Kind::kRead});
  }
}

// ---- deadlines

bool Connection::body_is_too_slow(Clock::time_point now) const {
  const auto& options = context_.options;
  if (now - since_ > options.body_timeout) return true;
  const auto taken = std::chrono::duration_cast<std::chrono::milliseconds>(now - body_begin_);
  return taken > options.body_timeout &&
         body_->size() * 1000 / static_cast<uint64_t>(taken.count()) < options.minimum_body_rate;
}

void Connection::on_tick(Clock::time_point now) {
  const auto& options = context_.options;
  if (!output_.empty()) {
    if (now - last_output_ > options.write_timeout) drop();
    return;
  }
  const auto age = now - since_;
  const Error timeout(HILUM_E_TIMEOUT, 408, status_facts(HILUM_E_TIMEOUT).message,
                      "the request did not arrive in time");
  switch (state_) {
    case State::kHead:
      if (waiting_) {
        const auto limit = served_ ? options.keep_alive_timeout : options.head_timeout;
        // The client is not idle while the end of its answer is on the way.
        if (age > limit && (age > options.write_timeout || !channel_.delivering())) return drop();
        if (std::exchange(maybe_ended_, false)) read();
      } else if (age > options.head_timeout) {
        head_ = ReceivedHead();
        fail(timeout);
      }
      break;
    case State::kBody:
      if (body_is_too_slow(now)) fail(timeout);
      break;
    case State::kLinger:
      if (age > kLingerTime) drop();
      break;
    case State::kBusy:
    case State::kClosing:
    case State::kDead:
      break;
  }
}

}  // namespace hilum::http
