#include "core/dimse/commitment.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/transfer_syntax.h>

#include "core/base/log.h"
#include "core/dimse/outgoing_instance.h"
#include "core/dimse/request_io.h"
#include "core/index/query.h"

namespace hilum::dimse {
namespace {

// FailureReason (0008,1197), PS3.3 section C.14.1.1.
constexpr uint16_t kNoSuchInstance = 0x0112;
constexpr uint16_t kClassInstanceConflict = 0x0119;

std::string text_of(DcmItem& item, const DcmTagKey& tag) {
  OFString value;
  item.findAndGetOFString(tag, value);
  return std::string(dicom::strip_spaces({value.c_str(), value.size()}));
}

dicom::ParsedInstance parse(std::string_view data_set, const std::string& transfer_syntax) {
  return dicom::parse_data_set(dicom::ByteSource(data_set.data(), data_set.size()), transfer_syntax, {true});
}

// The items of a sequence; false if there is no such sequence.
bool read_items(DcmItem& from, const DcmTagKey& tag, bool has_reason, std::vector<CommitmentItem>* items) {
  DcmSequenceOfItems* sequence = nullptr;
  if (from.findAndGetSequence(tag, sequence).bad() || sequence == nullptr) {
    return false;
  }
  for (DcmObject* next = sequence->nextInContainer(nullptr); next != nullptr;
       next = sequence->nextInContainer(next)) {
    auto& item = static_cast<DcmItem&>(*next);
    CommitmentItem read{text_of(item, DCM_ReferencedSOPClassUID), text_of(item, DCM_ReferencedSOPInstanceUID),
                        0};
    if (read.sop_instance.empty() || read.sop_instance.size() > 64 || read.sop_class.size() > 64) {
      throw Error(HILUM_E_BAD_FORMAT, "an item of the references has no SOP instance UID");
    }
    if (has_reason) {
      Uint16 reason = 0;
      item.findAndGetUint16(DCM_FailureReason, reason);
      read.failure_reason = reason == 0 ? kProcessingFailure : reason;
    }
    items->push_back(std::move(read));
  }
  return true;
}

std::string transaction_of(DcmItem& data_set) {
  std::string uid = text_of(data_set, DCM_TransactionUID);
  if (uid.empty() || uid.size() > 64) {
    throw Error(HILUM_E_BAD_FORMAT, "no Transaction UID");
  }
  return uid;
}

void add_item(DcmDataset& data_set, const DcmTagKey& tag, const CommitmentItem& item) {
  DcmItem* made = nullptr;
  if (data_set.findOrCreateSequenceItem(tag, made, -2).bad() || made == nullptr) {
    throw Error(HILUM_E_NO_MEMORY, "an item of a commitment report");
  }
  made->putAndInsertString(DCM_ReferencedSOPClassUID, item.sop_class.c_str());
  made->putAndInsertString(DCM_ReferencedSOPInstanceUID, item.sop_instance.c_str());
  if (item.failure_reason != 0) {
    made->putAndInsertUint16(DCM_FailureReason, item.failure_reason);
  }
}

uint16_t failure_of(const ingest::Ingest& ingest, const index::Snapshot& snapshot,
                    const CommitmentItem& item) {
  // As a list, so that nothing in it is a wildcard.
  const std::string value = item.sop_instance + "\\" + item.sop_instance;
  std::vector<index::Resource> found;
  index::find(snapshot, index::Level::kInstance,
              {{dicom::kSopInstanceUid, dicom::Matcher::compile(EVR_LO, value, true)}},
              [&](const index::Found& match) {
                found.push_back(match.resource());
                return found.size() < 2;
              });
  if (found.size() != 1) {
    return kNoSuchInstance;
  }
  try {
    const auto instance = OutgoingInstance::open(ingest, found.front());
    if (!instance) {
      return kNoSuchInstance;
    }
    return instance->sop_class() == item.sop_class ? 0 : kClassInstanceConflict;
  } catch (const std::exception& error) {
    log_warning(LogCategory::kDicom, "storage commitment: instance {} cannot be read: {}", item.sop_instance,
                error.what());
    return kProcessingFailure;
  }
}

}  // namespace

CommitmentRequest parse_commitment_request(std::string_view data_set, const std::string& transfer_syntax) {
  const dicom::ParsedInstance parsed = parse(data_set, transfer_syntax);
  CommitmentRequest request;
  request.transaction_uid = transaction_of(parsed.data_set());
  if (!read_items(parsed.data_set(), DCM_ReferencedSOPSequence, false, &request.items)) {
    throw Error(HILUM_E_BAD_FORMAT, "no Referenced SOP Sequence");
  }
  return request;
}

CommitmentReport parse_commitment_report(std::string_view data_set, const std::string& transfer_syntax) {
  const dicom::ParsedInstance parsed = parse(data_set, transfer_syntax);
  CommitmentReport report;
  report.transaction_uid = transaction_of(parsed.data_set());
  const bool has_successes = read_items(parsed.data_set(), DCM_ReferencedSOPSequence, false, &report.items);
  const bool has_failures = read_items(parsed.data_set(), DCM_FailedSOPSequence, true, &report.items);
  if (!has_successes && !has_failures) {
    throw Error(HILUM_E_BAD_FORMAT, "neither a Referenced SOP Sequence nor a Failed SOP Sequence");
  }
  return report;
}

std::string encode_commitment_report(const std::string& transaction_uid,
                                     const std::vector<CommitmentItem>& items) {
  DcmDataset data_set;
  data_set.putAndInsertString(DCM_TransactionUID, transaction_uid.c_str());
  data_set.insertEmptyElement(DCM_ReferencedSOPSequence);  // there also if it is empty
  for (const CommitmentItem& item : items) {
    add_item(data_set, item.failure_reason == 0 ? DCM_ReferencedSOPSequence : DCM_FailedSOPSequence, item);
  }
  return encode_data_set(data_set, std::string(dicom::kExplicitLittleEndian));
}

void look_up_commitment(const ingest::Ingest& ingest, std::vector<CommitmentItem>* items,
                        const std::function<bool()>& go_on) {
  const index::Snapshot snapshot = ingest.snapshot();
  for (CommitmentItem& item : *items) {
    if (go_on && !go_on()) {
      throw Error(HILUM_E_CANCELED_JOB, "the look-up of a storage commitment was given up");
    }
    item.failure_reason = failure_of(ingest, snapshot, item);
  }
}

}  // namespace hilum::dimse
