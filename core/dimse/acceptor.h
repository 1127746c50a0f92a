// Accepts connections and waits, for all of them at once, until their A-ASSOCIATE-RQ is complete: a client
// that says nothing delays nobody.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>

#include "core/base/files.h"
#include "core/dimse/association_pool.h"

namespace hilum::dimse {

// What the first bytes of a connection say about the PDU that they begin (PS3.8 section 9.3.1).
enum class FirstPdu { kIncomplete, kComplete, kInvalid };
// `header`: what has arrived, at most 6 bytes of interest; `available`: how much has arrived in all.
FirstPdu judge_first_pdu(std::string_view header, size_t available);
// The same for the first TLS record, which holds the ClientHello (RFC 8446, section 5.1).
FirstPdu judge_first_record(std::string_view header, size_t available);
// The length of the whole PDU, header included; 0 if the header is incomplete.
size_t first_pdu_size(std::string_view header);
size_t first_record_size(std::string_view header);
// An A-ASSOCIATE-RQ with 128 contexts and all transfer syntaxes stays far below.
inline constexpr size_t kMaximumFirstPdu = 256 * 1024;

struct AcceptorLimits {
  size_t maximum_silent = 256;
  size_t maximum_silent_per_address = 128;
  std::chrono::milliseconds timeout{30000};
  bool is_tls = false;  // waits for a whole TLS record instead of a whole A-ASSOCIATE-RQ
};

// Runs on the thread that calls run(). Only wake() may be called from others.
class Acceptor {
 public:
  // Listens; "" listens on all addresses. Throws HILUM_E_DICOM_PORT_IN_USE, HILUM_E_OUT_OF_RANGE (no such
  // address).
  Acceptor(const std::string& bind_address, uint16_t port, AcceptorLimits limits);
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  uint16_t port() const;
  // Until `stop_fd` becomes readable. `on_ready` gets connections with a complete request; `on_tick` is
  // called at least every 200 ms.
  void run(int stop_fd, const std::function<void(Ready&&)>& on_ready, const std::function<void()>& on_tick);
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  struct Silent {
    UniqueFd socket;
    std::string address;
    std::chrono::steady_clock::time_point deadline;
    bool enlarged = false;
  };
  using Position = std::list<Silent>::iterator;

  void accept_all();
  void add(UniqueFd socket, std::string address);
  FirstPdu judge(std::string_view header, size_t available) const;
  void look_at(Position silent, bool hung_up, const std::function<void(Ready&&)>& on_ready);
  void drop(Position silent, std::string_view why);
  UniqueFd forget(Position silent);
  void drop_late();

  AcceptorLimits limits_;
  UniqueFd listener_, epoll_;
  std::list<Silent> silent_;  // oldest first
  std::map<int, Position> by_socket_;
  std::map<std::string, size_t> per_address_;
  std::atomic<uint64_t> dropped_{0};
};

// Rejects a connection without DCMTK: transient, local limit exceeded (PS3.8 table 9-21). Does not block.
void reject_for_limit(const Ready& ready);

}  // namespace hilum::dimse
