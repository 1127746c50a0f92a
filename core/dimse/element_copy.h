// Elements from the index or from a file put into an answer, in the answer's character set.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/tag.h>

#include <optional>
#include <string>

namespace hilum::dimse {

// Each replaces an element of that tag. What cannot be written as its VR demands becomes an empty element.
void insert_text(DcmItem& to, dicom::Tag tag, const std::string& utf8, const dicom::Charset& charset);
void insert_empty(DcmItem& to, dicom::Tag tag, const std::string& private_creator, bool is_sequence);
// A deep copy under `tag`, texts converted; character sets that items declare themselves are resolved.
void insert_copy(DcmItem& to, dicom::Tag tag, const std::string& private_creator, DcmElement& element,
                 const dicom::Charset& from, const dicom::Charset& charset);

// The block (0x10 to 0xff) that an item reserves for a private creator.
std::optional<uint16_t> private_block(DcmItem& item, uint16_t group, const std::string& creator);

}  // namespace hilum::dimse
