// The answer to a C-FIND for one match: from the index, computed, or from the file of a sample instance.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include <memory>
#include <optional>
#include <string>

#include "core/dimse/find_query.h"
#include "core/dimse/stored_instance.h"
#include "core/index/query.h"

namespace hilum::dimse {

// The first instance below a match, with its series; its file is read when a tag is asked for that the index
// does not hold. Belongs to one search.
class Sample {
 public:
  Sample(const index::Snapshot& snapshot, const ingest::Ingest& ingest, const index::Found& found)
      : snapshot_(snapshot), ingest_(ingest), found_(found) {}

  // A main tag of a level below the match, as the index holds it.
  const dicom::TagValue* main_tag(Tag tag);
  // An element of the file; private tags by their creator. Null if it is not there.
  DcmElement* element(Tag tag, const std::string& private_creator);
  DcmDataset* data_set();  // null if there is no readable file

 private:
  void find_instance();

  const index::Snapshot& snapshot_;
  const ingest::Ingest& ingest_;
  const index::Found& found_;
  bool searched_ = false;
  bool opened_ = false;
  std::vector<index::Resource> below_;  // from the instance upwards, without the match itself
  std::optional<index::Resource> instance_;
  std::unique_ptr<StoredInstance> file_;
};

// Do constraints hold that the index cannot decide?
bool file_matches(const std::vector<FileConstraint>& constraints, const FindRules& rules, Sample& sample);

// The identifier of a pending response: SpecificCharacterSet, QueryRetrieveLevel, RetrieveAETitle and every
// key that was asked for; keys without a value are there and empty.
std::unique_ptr<DcmDataset> find_answer(const FindQuery& query, const FindRules& rules,
                                        const index::Snapshot& snapshot, const index::Found& found,
                                        Sample& sample);

}  // namespace hilum::dimse
