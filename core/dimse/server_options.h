// What the DICOM server may do, as the configuration says it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/dimse/tls.h"

namespace hilum::dimse {

// One DICOM system that the server knows (DicomModalities).
struct Modality {
  std::string name;  // symbolic
  std::string aet;
  std::string host;  // compared as text with the peer's numeric address
  uint16_t port = 104;
  bool allow_echo = true;
  bool allow_store = true;
  bool allow_find = true;
  bool allow_find_worklist = true;
  bool allow_get = true;
  bool allow_move = true;
  bool allow_n_action = true;
  bool allow_event_report = true;

  // For calling it.
  std::string manufacturer = "Generic";
  bool allow_transcoding = true;
  bool use_tls = false;
  std::string local_aet;        // "": DicomAet
  uint32_t timeout_s = 0;       // 0: DicomScuTimeout
  std::string retrieve_method;  // "": DicomDefaultRetrieveMethod
  std::vector<std::string> permissive_store_sop_classes;
};
using Modalities = std::vector<Modality>;
// The modalities as they are now; never null. Called once per association and per command, on any thread.
using ModalityProvider = std::function<std::shared_ptr<const Modalities>()>;

// StorageAccessOnFind: may a C-FIND read files for tags that the index does not hold?
enum class StorageAccess { kAlways, kAnswers, kNever };

struct ServerOptions {
  std::string aet = "HILUM";
  // IPv4 or IPv6 literal; "" listens on all addresses of both families.
  std::string bind_address;
  uint16_t port = 4242;  // 0: the system chooses, see Server::port()
  uint32_t maximum_pdu_length = 16384;

  size_t maximum_associations = 100;
  // Complete requests that wait for one of them to end, and for how long; then they are rejected (transient,
  // local limit).
  size_t maximum_waiting = 32;
  std::chrono::milliseconds waiting_timeout{3000};
  // Connections that have not sent a complete A-ASSOCIATE-RQ: in all, of one address, and for how long. At a
  // limit the oldest goes.
  size_t maximum_silent = 256;
  size_t maximum_silent_per_address = 128;
  std::chrono::milliseconds acse_timeout{30000};
  // DicomScpTimeout: silence between commands, or within one; 0: for ever between commands, a minute within.
  std::chrono::seconds scp_timeout{30};

  TlsSettings tls;

  bool check_called_aet = false;
  bool strict_aet = false;  // StrictAetComparison
  bool check_modality_host = false;
  bool always_allow_echo = true;
  bool always_allow_store = true;
  bool always_allow_find = false;
  bool always_allow_find_worklist = false;
  bool always_allow_get = false;
  bool always_allow_move = false;
  ModalityProvider modalities;  // empty: none are known

  bool synchronous_move = true;  // SynchronousCMove; false: C-MOVEs are jobs, if somebody runs them

  // For storage: UIDs, as accepted_transfer_syntaxes() of transfer_syntaxes.h gives them. Empty: storage is
  // disabled.
  std::vector<std::string> accepted_transfer_syntaxes;
  bool unknown_sop_class_accepted = false;
  // Patterns (* and ?). Empty: all storage classes that are known; an exact UID adds an unknown one.
  std::vector<std::string> accepted_sop_classes;
  std::vector<std::string> rejected_sop_classes;

  size_t limit_find_results = 0;    // patients, studies, series; 0: no limit
  size_t limit_find_instances = 0;  // 0: no limit
  bool case_sensitive_pn = false;
  StorageAccess storage_access_on_find = StorageAccess::kAlways;
  std::string default_private_creator;  // DefaultPrivateCreator

  // Bytes of one instance that are received into memory; more go to a file of the storage's spool folder.
  size_t memory_per_instance = 1 << 20;
};

}  // namespace hilum::dimse
