#include "core/dimse/find_query.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/text.h>

#include <algorithm>

namespace hilum::dimse {
namespace {

using index::Level;

constexpr Tag kTimezoneOffset = 0x00080201;

// Never a constraint: what describes the query itself, and what every modality fills in.
bool is_descriptive(Tag tag) {
  return dicom::tag_group(tag) < 0x0008 || dicom::tag_element(tag) == 0 ||
         tag == dicom::kSpecificCharacterSet || tag == dicom::kQueryRetrieveLevel || tag == kTimezoneOffset;
}

dicom::Matcher compile(const RequestedKey& key, DcmEVR written, const std::string& value,
                       const FindRules& rules) {
  const DcmEVR known = dicom::dictionary_vr(key.tag, key.private_creator);
  const DcmEVR vr = known == EVR_UN ? written : known;
  return dicom::Matcher::compile(vr, value, vr != EVR_PN || rules.case_sensitive_pn);
}

void add_constraint(const RequestedKey& key, dicom::Matcher matcher, const FindRules& rules,
                    FindQuery* query) {
  if (!index::is_constraining(matcher)) {
    return;
  }
  if (key.tag == kRetrieveAeTitle) {
    query->is_impossible |= !matcher.matches(rules.retrieve_aet);
  } else if (key.tag == kInstanceAvailability) {
    query->is_impossible |= !matcher.matches("ONLINE");
  } else if (key.tag == index::kModalitiesInStudy && query->level == Level::kStudy) {
    query->constraints.push_back({key.tag, std::move(matcher)});
  } else if (is_counter(key.tag) || key.tag == kSopClassesInStudy || key.tag == index::kModalitiesInStudy) {
    query->is_impossible = true;  // computed: not to be matched
  } else if (index::main_tag_level(rules.main_tags, query->level, key.tag)) {
    const auto added_at = index::added_tag_level(rules.main_tags, query->level, key.tag);
    if (added_at) {
      query->added_constraints.push_back({key.tag, key.private_creator, matcher});
    }
    query->constraints.push_back({key.tag, std::move(matcher), added_at});
  } else if (index::main_tag_level(rules.main_tags, Level::kInstance, key.tag) ||
             rules.storage_access != StorageAccess::kAlways) {
    query->is_impossible = true;  // a tag of a lower level, or one that may not be read
  } else {
    query->file_constraints.push_back({key.tag, key.private_creator, std::move(matcher)});
  }
}

}  // namespace

std::optional<Level> parse_level(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (upper == "PATIENT" || upper == "PATIENTS") {
    return Level::kPatient;
  }
  if (upper == "STUDY" || upper == "STUDIES") {
    return Level::kStudy;
  }
  if (upper == "SERIES") {
    return Level::kSeries;
  }
  if (upper == "IMAGE" || upper == "IMAGES" || upper == "INSTANCE" || upper == "INSTANCES") {
    return Level::kInstance;
  }
  return std::nullopt;
}

std::string private_creator_of(DcmItem& item, Tag tag) {
  if (!dicom::is_private(tag) || dicom::tag_element(tag) < 0x1000) {
    return {};
  }
  OFString creator;
  item.findAndGetOFString(DcmTagKey(dicom::tag_group(tag), static_cast<Uint16>(dicom::tag_element(tag) >> 8)),
                          creator);
  return std::string(dicom::strip_spaces({creator.c_str(), creator.size()}));
}

FindQuery parse_find_query(DcmItem& identifier, const FindRules& rules) {
  FindQuery query;
  const dicom::Charset charset = dicom::Charset::of(identifier, rules.default_encoding);
  query.level_text = dicom::text_of(identifier, dicom::kQueryRetrieveLevel, charset).value_or("");
  query.level_text = std::string(dicom::strip_spaces(query.level_text));
  const std::optional<Level> level = parse_level(query.level_text);
  if (!level) {
    throw Error(HILUM_E_BAD_REQUEST,
                query.level_text.empty() ? "no QueryRetrieveLevel" : "QueryRetrieveLevel is unknown");
  }
  query.level = *level;
  for (unsigned long i = 0; i < identifier.card(); ++i) {
    DcmElement* element = identifier.getElement(i);
    const Tag tag = dicom::make_tag(element->getTag().getGroup(), element->getTag().getElement());
    if (dicom::tag_group(tag) < 0x0008 || dicom::tag_element(tag) == 0) {
      continue;
    }
    RequestedKey key{tag, element->ident() == EVR_SQ, private_creator_of(identifier, tag)};
    if (key.private_creator.empty() && dicom::is_private(tag) && !dicom::is_private_creator(tag)) {
      key.private_creator = rules.default_private_creator;
    }
    if (!key.is_sequence && !is_descriptive(tag)) {
      const dicom::ElementValue value = dicom::element_value(*element, charset, {0, false});
      if (value.kind == dicom::ValueKind::String) {
        // A range without bounds demands nothing, not even that the tag is there.
        if (!value.text.empty() && value.text != "-") {
          add_constraint(key, compile(key, element->ident(), value.text, rules), rules, &query);
        }
      } else if (element->getLength() > 0) {
        query.is_impossible = true;  // a binary value: nothing to compare it with
      }
    }
    if (tag != dicom::kSpecificCharacterSet && tag != dicom::kQueryRetrieveLevel && tag != kRetrieveAeTitle) {
      query.keys.push_back(std::move(key));
    }
  }
  return query;
}

}  // namespace hilum::dimse
