#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/worklist_match.h>

#include <algorithm>
#include <string_view>

namespace hilum::dicom {
namespace {

constexpr Tag kReferencedStudySequence = 0x00081110;
constexpr Tag kReferencedPatientSequence = 0x00081120;

Tag tag_of(DcmElement& element) {
  return make_tag(element.getTag().getGroup(), element.getTag().getElement());
}

// What describes the data set and is no key of it.
bool is_descriptive(Tag tag) {
  return tag_group(tag) < 0x0008 || tag_element(tag) == 0 || tag == kSpecificCharacterSet;
}

// The VR by which a value is compared: the dictionary's, as far as it knows the tag.
DcmEVR compared_vr(Tag tag, DcmEVR written) {
  const DcmEVR known = dictionary_vr(tag);
  return known == EVR_UN ? written : known;
}

void remove_empty_items(DcmItem& query, Tag tag) {
  DcmSequenceOfItems* sequence = nullptr;
  if (query.findAndGetSequence(DcmTagKey(tag_group(tag), tag_element(tag)), sequence).bad() ||
      sequence == nullptr) {
    return;
  }
  for (unsigned long i = sequence->card(); i-- > 0;) {
    if (sequence->getItem(i)->card() == 0) {
      delete sequence->remove(i);
    }
  }
}

// Of several AE titles any one may match; other values are compared as a whole.
bool value_matches(Tag tag, const Matcher& matcher, const std::string& value) {
  if (matcher.matches(value)) {
    return true;
  }
  if (dictionary_vr(tag) != EVR_AE || value.find('\\') == std::string::npos) {
    return false;
  }
  for (size_t start = 0; start <= value.size();) {
    const size_t end = std::min(value.find('\\', start), value.size());
    if (matcher.matches(strip_spaces(std::string_view(value).substr(start, end - start)))) {
      return true;
    }
    start = end + 1;
  }
  return false;
}

}  // namespace

WorklistItem::WorklistItem(DcmItem& item, const Charset& inherited) {
  const Charset charset = Charset::of(item, inherited);
  for (unsigned long i = 0; i < item.card(); ++i) {
    DcmElement& element = *item.getElement(i);
    const Tag tag = tag_of(element);
    if (is_descriptive(tag)) {
      continue;
    }
    if (element.ident() == EVR_SQ) {
      std::vector<WorklistItem>& items = sequences[tag];
      auto& sequence = static_cast<DcmSequenceOfItems&>(element);
      for (DcmObject* next = sequence.nextInContainer(nullptr); next != nullptr;
           next = sequence.nextInContainer(next)) {
        items.emplace_back(static_cast<DcmItem&>(*next), charset);
      }
      continue;
    }
    ElementValue value = element_value(element, charset, {0, false});
    if (value.kind == ValueKind::String || element.getLength() == 0) {
      values.emplace(tag, std::move(value.text));
    }
  }
}

WorklistQuery::WorklistQuery(DcmItem& query, Encoding default_encoding, bool case_sensitive_pn) {
  remove_empty_items(query, kReferencedStudySequence);
  remove_empty_items(query, kReferencedPatientSequence);
  root_ = read(query, Charset(default_encoding), case_sensitive_pn);
}

WorklistQuery::Keys WorklistQuery::read(DcmItem& item, const Charset& inherited, bool case_sensitive_pn) {
  const Charset charset = Charset::of(item, inherited);
  Keys keys;
  for (unsigned long i = 0; i < item.card(); ++i) {
    DcmElement& element = *item.getElement(i);
    const Tag tag = tag_of(element);
    if (is_descriptive(tag)) {
      continue;
    }
    if (element.ident() == EVR_SQ) {
      auto& sequence = static_cast<DcmSequenceOfItems&>(element);
      if (sequence.card() > 1) {
        throw Error(HILUM_E_BAD_REQUEST,
                    "a sequence of the query, " + format_tag(tag) + ", has several items");
      }
      std::optional<Keys>& below = keys.sequences[tag];
      if (sequence.card() == 1) {
        below = read(*sequence.getItem(0), charset, case_sensitive_pn);
      }
      continue;
    }
    keys.tags.push_back(tag);
    const ElementValue value = element_value(element, charset, {0, false});
    // A range without bounds demands nothing.
    if (value.kind == ValueKind::String && !value.text.empty() && value.text != "-") {
      const DcmEVR vr = compared_vr(tag, element.ident());
      keys.constraints.emplace_back(tag, Matcher::compile(vr, value.text, vr != EVR_PN || case_sensitive_pn));
    }
  }
  return keys;
}

bool WorklistQuery::Keys::is_constraining() const {
  return !constraints.empty() || std::any_of(sequences.begin(), sequences.end(), [](const auto& sequence) {
    return sequence.second && sequence.second->is_constraining();
  });
}

bool WorklistQuery::matches(const Keys& keys, const WorklistItem& item) {
  for (const auto& [tag, matcher] : keys.constraints) {
    const auto value = item.values.find(tag);
    if (value == item.values.end() || !value_matches(tag, matcher, value->second)) {
      return false;
    }
  }
  for (const auto& [tag, below] : keys.sequences) {
    if (!below || !below->is_constraining()) {
      continue;
    }
    const auto sequence = item.sequences.find(tag);
    if (sequence == item.sequences.end() ||
        std::none_of(sequence->second.begin(), sequence->second.end(),
                     [&, &of = *below](const WorklistItem& candidate) { return matches(of, candidate); })) {
      return false;
    }
  }
  return true;
}

void WorklistQuery::copy(const Keys& keys, DcmItem& from, DcmItem& to) {
  const auto insert = [&to](DcmObject* made) {
    auto* element = static_cast<DcmElement*>(made);
    if (element != nullptr && to.insert(element, OFTrue).bad()) {
      delete element;
    }
  };
  const auto find = [&from](Tag tag) {
    DcmElement* element = nullptr;
    from.findAndGetElement(DcmTagKey(tag_group(tag), tag_element(tag)), element);
    return element;
  };
  for (const Tag tag : keys.tags) {
    if (DcmElement* element = find(tag)) {
      insert(element->clone());
    }
  }
  for (const auto& [tag, below] : keys.sequences) {
    DcmElement* element = find(tag);
    if (element == nullptr) {
      continue;
    }
    if (!below || element->ident() != EVR_SQ) {
      insert(element->clone());
      continue;
    }
    auto sequence = std::make_unique<DcmSequenceOfItems>(element->getTag());
    auto& source = static_cast<DcmSequenceOfItems&>(*element);
    for (DcmObject* next = source.nextInContainer(nullptr); next != nullptr;
         next = source.nextInContainer(next)) {
      auto item = std::make_unique<DcmItem>();
      auto& candidate = static_cast<DcmItem&>(*next);
      DcmElement* charset = nullptr;  // an item may declare its own
      if (candidate.findAndGetElement(DCM_SpecificCharacterSet, charset).good() && charset != nullptr) {
        auto* own = static_cast<DcmElement*>(charset->clone());
        if (item->insert(own, OFTrue).bad()) {
          delete own;
        }
      }
      copy(*below, candidate, *item);
      if (sequence->append(item.get()).good()) {
        (void)item.release();  // it has an owner now
      }
    }
    insert(sequence.release());
  }
}

std::unique_ptr<DcmDataset> WorklistQuery::answer(DcmDataset& entry, Encoding default_encoding,
                                                  Encoding encoding) const {
  auto answer = std::make_unique<DcmDataset>();
  OFString charset;
  if (entry.findAndGetOFStringArray(DCM_SpecificCharacterSet, charset).good() && !charset.empty()) {
    answer->putAndInsertString(DCM_SpecificCharacterSet, charset.c_str());
  }
  copy(root_, entry, *answer);
  change_charset(*answer, default_encoding, specific_character_set(encoding));
  return answer;
}

}  // namespace hilum::dicom
