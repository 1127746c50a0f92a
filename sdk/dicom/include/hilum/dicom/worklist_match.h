// Matching entries of modality worklists (PS3.4 section K.4): all keys count, in sequences too, and the answer has what was
// asked for.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/tag.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hilum::dicom {

// The texts of an entry, in UTF-8, taken out of DCMTK's objects: immutable, so that any number of threads may match it.
struct WorklistItem {
  explicit WorklistItem(DcmItem& item, const Charset& inherited);
  WorklistItem() = default;

  std::map<Tag, std::string> values;  // present and empty: ""
  std::map<Tag, std::vector<WorklistItem>> sequences;
};

// A query made ready. Immutable; any thread.
class WorklistQuery {
 public:
  // Changes `query`: empty items of ReferencedStudySequence and ReferencedPatientSequence are removed first. Throws
  // Error(HILUM_E_BAD_REQUEST) for a sequence with several items, HILUM_E_OUT_OF_RANGE for wildcards in a VR that has none.
  WorklistQuery(DcmItem& query, Encoding default_encoding, bool case_sensitive_pn);

  // Every value of the query must match: ranges, lists, wildcards and single values as in C-FIND. A sequence matches if one of its
  // items does; of several AE titles in one value, one suffices; an absent tag matches nothing.
  bool matches(const WorklistItem& entry) const { return matches(root_, entry); }

  // What was asked for: the tags of the query that the entry has, of items only what the query's item names, of a sequence without item
  // everything. Texts and SpecificCharacterSet in `encoding`; an entry that declares none is read as `default_encoding`.
  std::unique_ptr<DcmDataset> answer(DcmDataset& entry, Encoding default_encoding, Encoding encoding) const;

 private:
  struct Keys {
    std::vector<Tag> tags;  // of leaves
    std::vector<std::pair<Tag, Matcher>> constraints;
    std::map<Tag, std::optional<Keys>> sequences;  // nothing: without item
    bool is_constraining() const;
  };
  static Keys read(DcmItem& item, const Charset& inherited, bool case_sensitive_pn);
  static bool matches(const Keys& keys, const WorklistItem& item);
  static void copy(const Keys& keys, DcmItem& from, DcmItem& to);

  Keys root_;
};

}  // namespace hilum::dicom
