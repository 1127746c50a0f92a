// Asks other DICOM systems, one function for each operation.
#pragma once

#include <hilum/dicom/transcode.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/scu/options.h"
#include "core/dimse/scu/sender.h"
#include "core/dimse/scu/target.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {

class ConnectionPool;

enum class QueryModel { kPatientRoot = 1, kStudyRoot = 2, kWorklist = 3 };

// What the responses to C-MOVE and C-GET say: the status of the last one, 0 without a response.
struct RetrieveProgress {
  uint16_t status = 0;
  uint32_t remaining = 0, completed = 0, failed = 0, warning = 0;
};

// A request of N-ACTION or N-EVENT-REPORT.
struct NormalizedRequest {
  std::string_view sop_class, sop_instance;
  uint16_t type = 1;             // ActionTypeID or EventTypeID
  std::string_view information;  // explicit VR little endian
};

// Owned by main; thread-safe. All functions block. Errors: those of hilum/draft/scu.h, as DimseError (there was a response with a
// bad status), ConnectionError, or Error. Identifiers are data sets in explicit VR little endian. Callbacks run on the
// caller's thread and return false to stop: C-CANCEL is sent, and HILUM_E_CANCELED_JOB thrown at the end.
class Scu {
 public:
  using OnMatch = std::function<bool(std::string_view data_set)>;
  using OnProgress = std::function<bool(const RetrieveProgress&)>;
  using OnReceived = std::function<bool(const ingest::Stored&)>;

  Scu(ScuOptions options, ingest::Ingest& ingest);
  ~Scu();
  Scu(const Scu&) = delete;
  Scu& operator=(const Scu&) = delete;

  const ScuOptions& options() const { return options_; }
  ingest::Ingest& ingest() const { return ingest_; }

  void echo(const Target& target);
  void find(const Target& target, QueryModel model, std::string_view identifier, const OnMatch& on_match);
  void move(const Target& target, QueryModel model, std::string_view identifier, const std::string& move_aet,
            const OnProgress& on_progress, RetrieveProgress* progress);
  // `sop_classes` empty: the usual ones.
  void get(const Target& target, QueryModel model, std::string_view identifier,
           const std::vector<std::string>& sop_classes, const OnReceived& on_received,
           const OnProgress& on_progress, RetrieveProgress* progress);
  void action(const Target& target, const NormalizedRequest& request);
  // Over an association on which we have the role of the SCP: PS3.4 section J.3.3.
  void event_report(const Target& target, const NormalizedRequest& request);
  std::unique_ptr<Sender> open_sender(Target target, SendOptions options = {});

  // Who transcodes; null (until it is set) for nobody. Must outlive the calls.
  void set_codecs(const dicom::FrameCodecs* codecs) { codecs_ = codecs; }
  const dicom::FrameCodecs* codecs() const { return codecs_; }

  // Closes associations that nobody uses.
  void close_idle();
  size_t idle() const;

 private:
  friend class StoreSender;
  void normalized(const Target& target, uint16_t field, const NormalizedRequest& request);
  std::vector<std::string> retrievable_classes(const std::vector<std::string>& wanted) const;
  std::vector<std::string> retrievable_syntaxes() const;

  const ScuOptions options_;
  ingest::Ingest& ingest_;
  const ClientTls tls_;
  std::atomic<const dicom::FrameCodecs*> codecs_{nullptr};
  std::unique_ptr<ConnectionPool> pool_;
};

}  // namespace hilum::dimse
