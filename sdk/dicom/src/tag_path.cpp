#include <dcmtk/dcmdata/dcitem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/tag_path.h>

#include <charconv>
#include <string>

namespace hilum::dicom {
namespace {

std::string_view strip(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string quoted(std::string_view text) { return "\"" + std::string(text.substr(0, 128)) + "\""; }

PathStep parse_step(std::string_view part) {
  const size_t bracket = part.find('[');
  if (bracket == std::string_view::npos || part.back() != ']') {
    throw Error(HILUM_E_OUT_OF_RANGE, "Parent path doesn't contain an index: " + quoted(part));
  }
  const std::string_view index = strip(part.substr(bracket + 1, part.size() - bracket - 2));
  PathStep step{parse_client_tag(part.substr(0, bracket)), std::nullopt};
  if (index == "*") return step;
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), number);
  if (index.empty() || error != std::errc() || end != index.data() + index.size()) {
    throw Error(HILUM_E_OUT_OF_RANGE, "Not a valid index in parent path: [" +
                                          std::string(index.substr(0, 32)) +
                                          "]; a number from 0 or * is expected");
  }
  step.index = number;
  return step;
}

void visit_items(DcmItem& item, const TagPath& path, size_t depth,
                 const std::function<void(DcmItem&)>& visit) {
  if (depth == path.steps.size()) return visit(item);
  const PathStep& step = path.steps[depth];
  DcmSequenceOfItems* sequence = nullptr;
  const DcmTagKey key(tag_group(step.sequence), tag_element(step.sequence));
  if (item.findAndGetSequence(key, sequence).bad() || sequence == nullptr || sequence->ident() != EVR_SQ)
    return;
  uint32_t index = 0;
  for (DcmObject* o = sequence->nextInContainer(nullptr); o != nullptr; o = sequence->nextInContainer(o)) {
    if (!step.index || *step.index == index) visit_items(static_cast<DcmItem&>(*o), path, depth + 1, visit);
    ++index;
  }
}

}  // namespace

Tag parse_client_tag(std::string_view text) {
  std::string_view name = strip(text);
  if (name.size() > 2 && name.front() == '(' && name.back() == ')')
    name = strip(name.substr(1, name.size() - 2));
  if (const std::optional<Tag> tag = find_tag(name)) return *tag;
  // Clients know this code with the status of a mistake of the server; it is one of theirs.
  throw Error(HILUM_E_UNKNOWN_TAG, 400, status_facts(HILUM_E_UNKNOWN_TAG).message,
              std::string(text.substr(0, 128)));
}

TagPath parse_tag_path(std::string_view text) {
  TagPath path;
  for (size_t dot = text.find('.'); dot != std::string_view::npos; dot = text.find('.')) {
    if (path.steps.size() >= static_cast<size_t>(kMaximumNesting)) {
      throw Error(HILUM_E_OUT_OF_RANGE,
                  "A path may have " + std::to_string(kMaximumNesting) + " steps at most");
    }
    path.steps.push_back(parse_step(strip(text.substr(0, dot))));
    text.remove_prefix(dot + 1);
  }
  path.tag = parse_client_tag(text);
  return path;
}

void for_each_item(DcmItem& data_set, const TagPath& path, const std::function<void(DcmItem&)>& visit) {
  visit_items(data_set, path, 0, visit);
}

}  // namespace hilum::dicom
