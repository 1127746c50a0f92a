#include "commitments.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/query_identifier.h>
#include <hilum/dicom/uid.h>

namespace hilum::modalities {

namespace {

// PS3.3 section C.14.1.1.
const char* description_of(uint32_t failure_reason) {
  switch (failure_reason) {
    case HILUM_COMMITMENT_PROCESSING_FAILURE:
      return "Processing failure";
    case HILUM_COMMITMENT_NO_SUCH_INSTANCE:
      return "No such object instance";
    case HILUM_COMMITMENT_RESOURCE_LIMITATION:
      return "Resource limitation";
    case HILUM_COMMITMENT_CLASS_NOT_SUPPORTED:
      return "Referenced SOP Class not supported";
    case HILUM_COMMITMENT_CLASS_INSTANCE_CONFLICT:
      return "Class/Instance conflict";
    case HILUM_COMMITMENT_DUPLICATE_TRANSACTION:
      return "Duplicate transaction UID";
    default:
      return "Unknown failure reason";
  }
}

void check(const OFCondition& result) {
  if (result.bad()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("cannot ask for storage commitment: ") + result.text());
  }
}

}  // namespace

CommitmentReport::CommitmentReport(std::string remote_aet, const std::vector<SopPair>& asked)
    : remote_aet_(std::move(remote_aet)) {
  for (const auto& [sop_class, sop_instance] : asked) {
    if (by_instance_.emplace(sop_instance, items_.size()).second) items_.push_back({sop_class, sop_instance});
  }
}

// What was not asked for does not count, whatever the other system says of it: it might be deleted afterwards.
void CommitmentReport::take(const hilum_commitment_report& report) {
  const std::lock_guard<std::mutex> lock(mutex_);
  is_pending_ = false;
  for (uint64_t i = 0; i < report.item_count; ++i) {
    const hilum_commitment_item& reported = report.items[i];
    const auto known = by_instance_.find(std::string(to_view(reported.sop_instance)));
    if (known == by_instance_.end()) continue;
    Item& item = items_[known->second];
    const bool same_class = to_view(reported.sop_class) == item.sop_class;
    item.failure_reason = reported.failure_reason == HILUM_COMMITMENT_OK && !same_class
                              ? uint32_t{HILUM_COMMITMENT_CLASS_INSTANCE_CONFLICT}
                              : reported.failure_reason;
  }
}

bool CommitmentReport::has_failures() const {
  for (const Item& item : items_) {
    if (item.failure_reason != HILUM_COMMITMENT_OK) return true;
  }
  return false;
}

void CommitmentReport::write(dicom::JsonWriter& json) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto write_some = [&](const char* name, bool failures) {
    json.key(name);
    json.begin_array();
    for (const Item& item : items_) {
      const bool failed = item.failure_reason != HILUM_COMMITMENT_OK;
      if (failed != failures) continue;
      json.begin_object();
      if (failed) {
        json.member("Description", description_of(item.failure_reason));
        json.member("FailureReason", item.failure_reason);
      }
      json.member("SOPClassUID", item.sop_class);
      json.member("SOPInstanceUID", item.sop_instance);
      json.end_object();
    }
    json.end_array();
  };
  json.begin_object();
  if (!is_pending_) write_some("Failures", true);
  json.member("RemoteAET", remote_aet_);
  json.member("Status", is_pending_ ? "Pending" : has_failures() ? "Failure" : "Success");
  if (!is_pending_) write_some("Success", false);
  json.end_object();
}

std::optional<std::vector<std::string>> CommitmentReport::committed() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (is_pending_ || has_failures()) return std::nullopt;
  std::vector<std::string> instances;
  for (const Item& item : items_) instances.push_back(item.sop_instance);
  return instances;
}

std::string Commitments::open(const std::string& remote_aet, const std::vector<SopPair>& asked) {
  const std::string uid = dicom::new_uid();
  constexpr uint64_t kBytesEach = 400;  // two UIDs, twice one of them, and what holds them, about
  reports_.put(uid, std::make_shared<CommitmentReport>(remote_aet, asked), asked.size() * kBytesEach);
  return uid;
}

bool Commitments::take(const hilum_commitment_report& report) {
  const std::shared_ptr<CommitmentReport> known = reports_.find(to_view(report.transaction_uid));
  if (!known) return false;
  known->take(report);
  return true;
}

std::string write_commitment_request(const std::string& transaction_uid, const std::vector<SopPair>& asked) {
  DcmDataset data_set;
  check(data_set.putAndInsertString(DCM_TransactionUID, transaction_uid.c_str()));
  check(data_set.insertEmptyElement(DCM_ReferencedSOPSequence));
  for (const auto& [sop_class, sop_instance] : asked) {
    DcmItem* item = nullptr;
    check(data_set.findOrCreateSequenceItem(DCM_ReferencedSOPSequence, item, -2 /* appended */));
    check(item->putAndInsertString(DCM_ReferencedSOPClassUID, sop_class.c_str()));
    check(item->putAndInsertString(DCM_ReferencedSOPInstanceUID, sop_instance.c_str()));
  }
  return dicom::write_identifier(data_set);
}

}  // namespace hilum::modalities
