// C-STORE: the data set's bytes as they come, behind a fresh meta header, to the ingest.
#pragma once

#include <optional>
#include <string>

#include "core/base/files.h"
#include "core/base/write_behind.h"
#include "core/dimse/command.h"
#include "core/dimse/link.h"
#include "core/dimse/permissions.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

// A file on its way in: in memory up to a limit, then in an unlinked file of the spool folder. A failure
// (disk full) is remembered, not thrown: the rest of the message must still be read. Hashed as the bytes come, while they
// are in the processor's cache and the next ones travel.
class Spool {
 public:
  Spool(const std::string& directory, size_t memory_limit, bool with_md5)
      : directory_(directory), memory_limit_(memory_limit) {
    if (with_md5) md5_.emplace();
  }

  void append(std::string_view bytes);
  uint64_t size() const { return written_ + buffer_.size(); }
  // The whole, to be called once. Throws the error that append() met.
  ingest::Bytes finish();

 private:
  void flush();

  const std::string& directory_;
  size_t memory_limit_;
  std::string buffer_;
  UniqueFd file_;
  uint64_t written_ = 0;
  WriteBehind write_behind_;
  std::optional<ingest::Md5> md5_;
  std::exception_ptr failure_;
};

struct StoreOutcome {
  Receive received = Receive::kOk;  // else the association is over and there was no response
  bool response_sent = true;
  uint16_t status = 0;
  std::string comment;
  uint64_t bytes = 0;
};

// Hands a received file to the ingest; `outcome` gets the status. Takes over `bytes.fd`. Never throws. The data set is compared with
// the command as long as there is a StoreScp.
void store_received(ingest::Ingest& ingest, const Command& command, const Peer& peer, ingest::Bytes&& bytes,
                    StoreOutcome* outcome, ingest::Stored* stored = nullptr);

// Serves C-STORE requests. Shared by all associations; thread-safe. Registers a filter with the ingest that
// compares the data set with the command, and removes it at the end.
class StoreScp {
 public:
  StoreScp(ingest::Ingest& ingest, size_t memory_per_instance);
  ~StoreScp();
  StoreScp(const StoreScp&) = delete;
  StoreScp& operator=(const StoreScp&) = delete;

  // Receives the data set that belongs to `command`, stores it and responds.
  StoreOutcome serve(Link& link, uint8_t context, const Command& command, const std::string& transfer_syntax,
                     const Peer& peer, std::chrono::milliseconds timeout);

 private:
  ingest::Ingest& ingest_;
  size_t memory_per_instance_;
};

// Reads the rest of a data set. kViolation if a fragment is of another context or a command.
Receive drain(Link& link, uint8_t context, std::chrono::milliseconds timeout);

}  // namespace hilum::dimse
