#include "core/dimse/element_copy.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/dicom/normalize.h>

#include <memory>

namespace hilum::dimse {
namespace {

DcmTag tag_of(dicom::Tag tag, const std::string& private_creator) {
  return private_creator.empty()
             ? DcmTag(dicom::tag_group(tag), dicom::tag_element(tag))
             : DcmTag(dicom::tag_group(tag), dicom::tag_element(tag), private_creator.c_str());
}

// VRs whose bytes depend on SpecificCharacterSet (PS3.5 section 6.1.2.2).
bool depends_on_charset(DcmEVR vr) {
  return vr == EVR_LO || vr == EVR_LT || vr == EVR_PN || vr == EVR_SH || vr == EVR_ST || vr == EVR_UC ||
         vr == EVR_UT;
}

void convert_item(DcmItem& item, const dicom::Charset& from, const dicom::Charset& to);

void convert_element(DcmElement& element, const dicom::Charset& from, const dicom::Charset& to) {
  if (element.ident() == EVR_SQ) {
    auto& sequence = static_cast<DcmSequenceOfItems&>(element);
    for (unsigned long i = 0; i < sequence.card(); ++i) {
      convert_item(*sequence.getItem(i), from, to);
    }
    return;
  }
  char* raw = nullptr;
  if (!depends_on_charset(element.ident()) || element.getString(raw).bad() || raw == nullptr) {
    return;
  }
  const std::string bytes(raw);
  if (dicom::is_ascii(bytes) && bytes.find('\x1b') == std::string::npos) {
    return;
  }
  const bool person_name = element.ident() == EVR_PN;
  element.putString(to.from_utf8(from.to_utf8(bytes, person_name), person_name).c_str());
}

void convert_item(DcmItem& item, const dicom::Charset& from, const dicom::Charset& to) {
  const dicom::Charset own = dicom::Charset::of(item, from);
  item.findAndDeleteElement(DCM_SpecificCharacterSet);
  for (unsigned long i = 0; i < item.card(); ++i) {
    convert_element(*item.getElement(i), own, to);
  }
}

// DCMTK cannot change the tag of an element: a private tag that the file keeps in another block is rebuilt.
std::unique_ptr<DcmElement> copied(DcmElement& element, const DcmTag& tag) {
  if (element.getTag() == tag) {
    return std::unique_ptr<DcmElement>(static_cast<DcmElement*>(element.clone()));
  }
  if (element.ident() == EVR_SQ) {
    auto sequence = std::make_unique<DcmSequenceOfItems>(tag);
    auto& source = static_cast<DcmSequenceOfItems&>(element);
    for (unsigned long i = 0; i < source.card(); ++i) {
      sequence->append(static_cast<DcmItem*>(source.getItem(i)->clone()));
    }
    return sequence;
  }
  DcmTag with_vr(tag);
  with_vr.setVR(DcmVR(element.ident()));
  DcmElement* made = nullptr;
  DcmItem::newDicomElementWithVR(made, with_vr);
  std::unique_ptr<DcmElement> copy(made);
  OFString value;
  if (copy && element.getOFStringArray(value, OFFalse).good()) {
    copy->putOFStringArray(value);
  }
  return copy;
}

}  // namespace

void insert_empty(DcmItem& to, dicom::Tag tag, const std::string& private_creator, bool is_sequence) {
  const DcmTag key = tag_of(tag, private_creator);
  if (is_sequence) {
    auto sequence = std::make_unique<DcmSequenceOfItems>(key);
    if (to.insert(sequence.get(), OFTrue).good()) {
      (void)sequence.release();  // it has an owner now
    }
    return;
  }
  to.insertEmptyElement(key, OFTrue);
}

void insert_text(DcmItem& to, dicom::Tag tag, const std::string& utf8, const dicom::Charset& charset) {
  const DcmTag key = tag_of(tag, {});
  const std::string bytes = charset.from_utf8(utf8, key.getEVR() == EVR_PN);
  if (bytes.empty() || to.putAndInsertString(key, bytes.c_str()).bad()) {
    insert_empty(to, tag, {}, false);
  }
}

void insert_copy(DcmItem& to, dicom::Tag tag, const std::string& private_creator, DcmElement& element,
                 const dicom::Charset& from, const dicom::Charset& charset) {
  std::unique_ptr<DcmElement> copy = copied(element, tag_of(tag, private_creator));
  if (copy) {
    convert_element(*copy, from, charset);
  }
  if (copy && to.insert(copy.get(), OFTrue).good()) {
    (void)copy.release();  // it has an owner now
  } else {
    insert_empty(to, tag, private_creator, element.ident() == EVR_SQ);
  }
}

std::optional<uint16_t> private_block(DcmItem& item, uint16_t group, const std::string& creator) {
  for (uint16_t block = 0x10; block <= 0xff; ++block) {
    OFString value;
    if (item.findAndGetOFString(DcmTagKey(group, block), value).good() &&
        dicom::strip_spaces({value.c_str(), value.size()}) == creator) {
      return block;
    }
  }
  return std::nullopt;
}

}  // namespace hilum::dimse
