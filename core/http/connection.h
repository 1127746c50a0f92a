// One client's connection: its state, input and output.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/http/channel.h"
#include "core/http/output_queue.h"
#include "core/http/request_reader.h"
#include "core/http/server_context.h"

namespace Pistache::Tcp {
class Peer;
}

namespace hilum::http {

class Exchange;
class HttpTransport;

// Everything but reserve(), gone() and the constants belongs to the I/O thread of its transport; worker
// threads talk to it through HttpTransport::post() only. Kept alive by the transport and by the exchange in
// progress.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Clock = std::chrono::steady_clock;

  Connection(ServerContext& context, HttpTransport& transport, std::shared_ptr<Pistache::Tcp::Peer> peer,
             std::string remote_address);
  ~Connection();

  int fd() const { return fd_; }
  HttpTransport& transport() const { return transport_; }
  ServerContext& context() const { return context_; }
  const std::string& remote_address() const { return remote_address_; }

  // I/O thread: events.
  void on_ready();
  void on_tick(Clock::time_point now);
  // I/O thread: output of the exchange in progress. `last`: its answer is complete.
  void output(OutputPiece piece, bool last, bool keep_alive);
  // I/O thread: the transport forgets this connection. Returns the peer to remove, nullptr if it was dead
  // already.
  std::shared_ptr<Pistache::Tcp::Peer> die();
  bool dead() const { return state_ == State::kDead; }
  bool armed = false;  // its events are edge-triggered already

  // Worker threads: books `n` bytes of memory for output. Waits while the client is slow; false: the client
  // has gone.
  bool reserve(size_t n);
  bool gone() const;

 private:
  // kHead: between requests or inside a head; kClosing: the last answer goes out; kLinger: input is thrown
  // away so that the client can read that answer (RFC 9112, 9.6).
  enum class State { kHead, kBody, kBusy, kClosing, kLinger, kDead };

  void read();
  bool flush();
  void drop();
  void after_flush();
  void on_data(std::string_view data);
  void on_input_end();
  size_t consume(std::string_view data);
  void on_head();
  void dispatch();
  void resume();
  void answer_now(ReadyAnswer answer, bool keep_alive);
  void send_now(std::vector<OutputPiece> pieces, bool keep_alive);
  void fail(const Error& error);
  void close_after_output();
  void finish(bool keep_alive);
  void await_request();
  bool body_is_too_slow(Clock::time_point now) const;

  ServerContext& context_;
  HttpTransport& transport_;
  std::shared_ptr<Pistache::Tcp::Peer> peer_;
  const int fd_;
  const std::string remote_address_;
  Channel channel_;

  State state_ = State::kHead;
  bool waiting_ = true;       // kHead: not one byte of the next request has come
  bool served_ = false;       // a request has been answered: the keep-alive deadline counts, not the head's
  bool paused_ = false;       // reading has stopped though more may be there
  bool input_ended_ = false;  // the client sends no more; it may still read
  bool maybe_ended_ = false;  // the last read was short, so an end of input may have gone unseen
  std::string input_;         // received, not yet used
  RequestReader reader_;
  ReceivedHead head_;
  std::unique_ptr<BodyWriter> body_;
  std::shared_ptr<Exchange> exchange_;  // between its head and the end of its answer
  OutputQueue output_;
  bool output_counted_ = false;  // this connection counts as busy in the context
  Clock::time_point since_;      // of the current state; kBody: of the last byte
  Clock::time_point body_begin_;
  Clock::time_point last_output_;

  mutable std::mutex mutex_;
  std::condition_variable room_;
  size_t reserved_ = 0;
  bool waiting_for_room_ = false;
  bool gone_ = false;
};

}  // namespace hilum::http
