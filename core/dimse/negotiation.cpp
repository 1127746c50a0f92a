#include "core/dimse/negotiation.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <map>

namespace hilum::dimse {
namespace {

bool matches_any(const std::vector<std::string>& patterns, std::string_view uid) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return dicom::wildcard_match(pattern, uid); });
}

bool is_pattern(const std::string& text) { return text.find_first_of("*?") != std::string::npos; }

std::set<std::string> accepted_classes(const ServerOptions& options) {
  std::set<std::string> classes;
  for (int i = 0; i < numberOfDcmAllStorageSOPClassUIDs; ++i) {
    const char* uid = dcmAllStorageSOPClassUIDs[i];
    if (options.accepted_sop_classes.empty() || matches_any(options.accepted_sop_classes, uid)) {
      classes.insert(uid);
    }
  }
  for (const std::string& uid : options.accepted_sop_classes) {
    if (!is_pattern(uid)) {
      classes.insert(uid);
    }
  }
  for (auto it = classes.begin(); it != classes.end();) {
    it = matches_any(options.rejected_sop_classes, *it) ? classes.erase(it) : std::next(it);
  }
  return classes;
}

// Verification and queries: no pixel data, so the uncompressed syntaxes only.
bool is_plain(std::string_view uid) {
  return uid == dicom::kImplicitLittleEndian || uid == dicom::kExplicitLittleEndian ||
         uid == dicom::kExplicitBigEndian;
}

Service plain_service(const std::string& abstract_syntax) {
  static const std::map<std::string, Service> services = {
      {UID_VerificationSOPClass, Service::kVerification},
      {UID_FINDPatientRootQueryRetrieveInformationModel, Service::kFind},
      {UID_FINDStudyRootQueryRetrieveInformationModel, Service::kFind},
      {UID_FINDModalityWorklistInformationModel, Service::kWorklist},
      {UID_MOVEPatientRootQueryRetrieveInformationModel, Service::kMove},
      {UID_MOVEStudyRootQueryRetrieveInformationModel, Service::kMove},
      {UID_GETPatientRootQueryRetrieveInformationModel, Service::kGet},
      {UID_GETStudyRootQueryRetrieveInformationModel, Service::kGet},
      {UID_StorageCommitmentPushModelSOPClass, Service::kCommitment},
  };
  const auto found = services.find(abstract_syntax);
  return found == services.end() ? Service::kNone : found->second;
}

}  // namespace

NegotiationRules::NegotiationRules(const ServerOptions& options,
                                   std::vector<std::string> accepted_transfer_syntaxes,
                                   bool unknown_sop_class_accepted)
    : accepted_transfer_syntaxes_(std::move(accepted_transfer_syntaxes)),
      storage_classes_(accepted_classes(options)),
      rejected_patterns_(options.rejected_sop_classes),
      unknown_sop_class_accepted_(unknown_sop_class_accepted) {
  for (const std::string& uid : accepted_transfer_syntaxes_) {
    if (dicom::find_transfer_syntax(uid)) {
      usable_transfer_syntaxes_.insert(uid);
    }
  }
}

bool NegotiationRules::is_storage(const std::string& abstract_syntax) const {
  if (storage_classes_.count(abstract_syntax) > 0) {
    return true;
  }
  // "Unknown" is what the dictionary of UIDs does not name at all, not what is known to be something else.
  return unknown_sop_class_accepted_ && dcmFindNameOfUID(abstract_syntax.c_str()) == nullptr &&
         !matches_any(rejected_patterns_, abstract_syntax);
}

ContextDecision NegotiationRules::decide(const std::string& abstract_syntax,
                                         const std::vector<std::string>& proposed) const {
  ContextDecision decision;
  const Service service = plain_service(abstract_syntax);
  const bool storage = service == Service::kNone && is_storage(abstract_syntax);
  if (service == Service::kNone && (!storage || usable_transfer_syntaxes_.empty())) {
    return decision;
  }
  const auto chosen = std::find_if(proposed.begin(), proposed.end(), [&](const std::string& uid) {
    return storage ? usable_transfer_syntaxes_.count(uid) > 0 : is_plain(uid);
  });
  if (chosen == proposed.end()) {
    decision.result = 4;
    return decision;
  }
  decision.result = 0;
  decision.service = storage ? Service::kStorage : service;
  decision.transfer_syntax = *chosen;
  return decision;
}

}  // namespace hilum::dimse
