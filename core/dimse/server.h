// The DICOM server: accepts associations and answers C-ECHO, C-STORE, C-FIND, C-MOVE, C-GET and storage commitment.
#pragma once

#include <hilum/dicom/charset.h>

#include <memory>
#include <string>
#include <vector>

#include "core/dimse/handlers.h"
#include "core/dimse/server_options.h"

namespace hilum::ingest {
class Ingest;
}

namespace hilum::dimse {

// Owned by main. start() and stop() from one thread, the rest from any. configure_dcmtk() (dcmtk_setup.h)
// must have been called before. `ingest` must outlive the server.
class Server {
 public:
  Server(ServerOptions options, ingest::Ingest& ingest);
  ~Server();  // stop(0)
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Listens. Throws HILUM_E_DICOM_PORT_IN_USE, HILUM_E_OUT_OF_RANGE (address, PDU length), HILUM_E_BAD_AET.
  void start();
  uint16_t port() const;  // the port in use, after start()
  // No new associations; idle ones are aborted at once, commands that run may finish until `patience` is
  // over, then their connections are cut.
  void stop(std::chrono::milliseconds patience);

  // The one of the ingest, which REST clients change; it counts for new C-FINDs.
  dicom::Encoding default_encoding() const;
  // Settings that REST clients change; they count for new associations.
  std::vector<std::string> accepted_transfer_syntaxes() const;
  void set_accepted_transfer_syntaxes(std::vector<std::string> uids);
  bool unknown_sop_class_accepted() const;
  void set_unknown_sop_class_accepted(bool accepted);
  // The storage classes that are accepted now, sorted (/tools/accepted-sop-classes).
  std::vector<std::string> accepted_sop_classes() const;

  const ServerOptions& options() const;  // as given at the start

  // What others add; usable at any time.
  Handlers& handlers();
  bool has_worklists() const;
  // For what the server has to send: C-MOVE, commitment reports, transcoding. Before start(); must outlive it.
  void set_scu(Scu& scu);
  // Looks the instances of a commitment request up and reports to who has asked. Throws what has failed.
  void answer_commitment(const CommitmentRequest& request) const;
  // Sets the failure reason of each: 0 if it is stored.
  void look_up_commitment(std::vector<CommitmentItem>* items) const;

  struct Counters {
    uint64_t associations_open, associations_total, rejected, silent_dropped, instances_stored;
  };
  Counters counters() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hilum::dimse
