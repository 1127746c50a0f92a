// The jobs DicomMoveScu and DicomGetScu: resources are fetched from another system.
#pragma once

#include <hilum/dicom/json.h>
#include <hilum/rest/error_payload.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tools.h"

namespace hilum::modalities {

enum class RetrieveMethod { kMove, kGet };

// One resource to fetch.
struct RetrieveQuery {
  dicom::QueryKeys keys;                 // as they are shown: identifiers, and the level
  std::vector<std::string> sop_classes;  // what may come, if that is known
};

struct RetrieveRequest {
  RetrieveMethod method = RetrieveMethod::kMove;
  std::string modality;
  dicom::Level level = dicom::Level::Study;
  Overrides overrides;
  std::string target_aet;  // of a C-MOVE
  bool permissive = false;
  dicom::JsonFormat format = dicom::JsonFormat::Short;  // of the keys in the content
  std::vector<RetrieveQuery> queries;
};

// What POST /modalities/{id}/move and /get are asked for. Throws HILUM_E_BAD_FORMAT, HILUM_E_OUT_OF_RANGE (level) and HILUM_E_BAD_REQUEST
// (an identifier is missing).
RetrieveRequest parse_retrieve_request(RetrieveMethod method, const std::string& modality,
                                       const Json::Value& body, const std::string& own_aet);

// Owned by the job engine. One query after the other; a pause or a cancel breaks the one that runs off, and it is sent again.
class RetrieveTask : public JobTask {
 public:
  static const char* type_of(RetrieveMethod method);

  RetrieveTask(const Tools& tools, RetrieveRequest request, std::shared_ptr<rest::ErrorPayload> payload);
  static std::unique_ptr<JobTask> load(const Tools& tools, std::string_view saved);

  std::string content() const;

  JobStep step(const Job& job) override;
  void reset() override;
  std::optional<std::string> save() override;

 private:
  // What has become of a query.
  struct Detail {
    uint32_t dimse_status = 0;
    std::vector<std::string> received;
  };
  void run(const Job& job, const RetrieveQuery& query, Detail& detail) const;
  void move(const Job& job, const ScuTarget& target, const std::string& identifier,
            const RetrieveQuery& query, Detail& detail) const;
  void get(const Job& job, const ScuTarget& target, const std::string& identifier, const RetrieveQuery& query,
           Detail& detail) const;
  void show_progress(const Job& job, const hilum_scu_progress& progress) const;
  void write_details(dicom::JsonWriter& json) const;
  std::string payload() const;

  const Tools& tools_;
  const RetrieveRequest request_;
  const std::shared_ptr<rest::ErrorPayload> payload_;
  std::string local_aet_, remote_aet_;  // as resolved
  std::vector<Detail> details_;         // of the queries that are over
};

}  // namespace hilum::modalities
