#include "entry.h"

namespace hilum::worklists {

dicom::ParsedInstance Entry::parse() const { return dicom::parse_file(file.data(), file.size(), {true}); }

EntryPointer make_entry(std::string id, std::string file, dicom::Encoding default_encoding) {
  auto entry = std::make_shared<Entry>();
  entry->id = std::move(id);
  entry->file = std::move(file);
  entry->item = dicom::WorklistItem(entry->parse().data_set(), dicom::Charset(default_encoding));
  const auto uid = entry->item.values.find(dicom::kStudyInstanceUid);
  if (uid != entry->item.values.end()) {
    entry->study_instance_uid = uid->second;
  }
  return entry;
}

}  // namespace hilum::worklists
