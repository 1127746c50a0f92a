#include "arrivals.h"

#include <hilum/dicom/identity.h>
#include <hilum/dicom/normalize.h>

#include <set>

namespace hilum::modalities {

namespace {

// Longer lists would outgrow what a job may show.
constexpr size_t kMostIds = 100000;

// Empty: absent, or no text.
std::string text_of(const Incoming& instance, dicom::Tag tag) {
  try {
    return instance.tag(tag);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

Arrivals::Arrivals(Filters& filters) {
  filters.add_instance_filter([this](const Incoming& instance) {
    if (waiting_.load(std::memory_order_relaxed) > 0) look_at(instance);
    return true;
  });
}

void Arrivals::look_at(const Incoming& instance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  for (Expected* expected : expected_) expected->look_at(instance);
}

Arrivals::Expected::Expected(Arrivals& arrivals, std::string remote_aet, dicom::QueryKeys keys)
    : arrivals_(arrivals), remote_aet_(dicom::fold_case(remote_aet)), keys_(std::move(keys)) {
  const std::lock_guard<std::mutex> lock(arrivals_.mutex_);
  place_ = arrivals_.expected_.insert(arrivals_.expected_.end(), this);
  ++arrivals_.waiting_;
}

Arrivals::Expected::~Expected() {
  const std::lock_guard<std::mutex> lock(arrivals_.mutex_);
  arrivals_.expected_.erase(place_);
  --arrivals_.waiting_;
}

void Arrivals::Expected::look_at(const Incoming& instance) {
  const hilum_origin origin = instance.origin();
  if (origin.kind != HILUM_ORIGIN_DICOM || dicom::fold_case(to_view(origin.remote_aet)) != remote_aet_ ||
      ids_.size() >= kMostIds) {
    return;
  }
  for (const auto& [tag, value] : keys_) {
    if (text_of(instance, tag) != value) return;
  }
  dicom::Identifiers identifiers;
  identifiers.patient_id = text_of(instance, dicom::kPatientId);
  identifiers.study_uid = text_of(instance, dicom::kStudyInstanceUid);
  identifiers.series_uid = text_of(instance, dicom::kSeriesInstanceUid);
  identifiers.instance_uid = text_of(instance, dicom::kSopInstanceUid);
  ids_.push_back(identifiers.instance().to_string());
}

std::vector<std::string> Arrivals::Expected::stored(const Snapshot& snapshot) const {
  std::vector<std::string> ids;
  {
    const std::lock_guard<std::mutex> lock(arrivals_.mutex_);
    ids = ids_;
  }
  std::set<std::string> seen;
  std::vector<std::string> stored;
  for (std::string& id : ids) {
    if (seen.insert(id).second && snapshot.find(id, HILUM_INSTANCE)) stored.push_back(std::move(id));
  }
  return stored;
}

}  // namespace hilum::modalities
