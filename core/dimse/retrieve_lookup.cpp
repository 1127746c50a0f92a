#include "core/dimse/retrieve_lookup.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/match.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/text.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "core/dimse/find_query.h"
#include "core/index/query.h"

namespace hilum::dimse {
namespace {

using index::Level;

struct Key {
  Level level;
  Tag tag;
  std::vector<std::string> values;
};

std::vector<std::string> values_of(DcmItem& identifier, Tag tag, const dicom::Charset& charset) {
  const std::string text = dicom::text_of(identifier, tag, charset).value_or("");
  std::vector<std::string> values;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\\', start), text.size());
    const std::string_view value = dicom::strip_spaces(std::string_view(text).substr(start, end - start));
    if (!value.empty()) {
      values.emplace_back(value);
    }
    start = end + 1;
  }
  return values;
}

std::optional<Key> key_of_level(DcmItem& identifier, Level level, const dicom::Charset& charset) {
  static constexpr std::pair<Level, Tag> kKeys[] = {{Level::kPatient, dicom::kPatientId},
                                                    {Level::kStudy, dicom::kAccessionNumber},
                                                    {Level::kStudy, dicom::kStudyInstanceUid},
                                                    {Level::kSeries, dicom::kSeriesInstanceUid},
                                                    {Level::kInstance, dicom::kSopInstanceUid}};
  for (const auto& [of, tag] : kKeys) {
    if (of == level) {
      std::vector<std::string> values = values_of(identifier, tag, charset);
      if (!values.empty()) {
        return Key{level, tag, std::move(values)};
      }
    }
  }
  return std::nullopt;
}

Key key_of(DcmItem& identifier, const RetrieveRules& rules) {
  const dicom::Charset charset = dicom::Charset::of(identifier, rules.default_encoding);
  const std::string text(
      dicom::strip_spaces(dicom::text_of(identifier, dicom::kQueryRetrieveLevel, charset).value_or("")));
  const std::optional<Level> level = parse_level(text);
  if (!level && (rules.needs_level || !text.empty())) {
    throw Error(HILUM_E_BAD_REQUEST,
                text.empty() ? "no QueryRetrieveLevel" : "QueryRetrieveLevel is unknown");
  }
  for (const Level candidate : {Level::kInstance, Level::kSeries, Level::kStudy, Level::kPatient}) {
    if (!level || candidate == *level) {
      if (std::optional<Key> key = key_of_level(identifier, candidate, charset)) {
        return std::move(*key);
      }
    }
  }
  throw Error(HILUM_E_BAD_REQUEST, "no unique key of the level has a value");
}

// A list, even of one value, is compared as it is: no wildcards.
dicom::Matcher exact_matcher(const std::vector<std::string>& values) {
  std::string list = values.front();
  for (const std::string& value : values) {
    list += "\\" + value;
  }
  return dicom::Matcher::compile(EVR_LO, list, true);
}

}  // namespace

std::vector<RetrievedResource> look_up_resources(DcmItem& identifier, const index::Snapshot& snapshot,
                                                 const RetrieveRules& rules,
                                                 const std::function<bool()>& go_on) {
  const Key key = key_of(identifier, rules);
  index::Query search;
  search.level = key.level;
  search.constraints.push_back({key.tag, exact_matcher(key.values)});
  search.go_on = go_on;
  std::vector<RetrievedResource> found;
  std::set<std::string, std::less<>> unmatched(key.values.begin(), key.values.end());
  index::find(snapshot, search, [&](const index::Found& match) {
    found.push_back({match.id(), key.level, match.public_id()});
    if (const dicom::TagValue* value = match.tag(key.tag)) {
      const auto matched = unmatched.find(dicom::strip_spaces(value->value));
      if (matched != unmatched.end()) {
        unmatched.erase(matched);
      }
    }
    return true;
  });
  if (found.empty()) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE, "nothing matches the identifier");
  }
  if (rules.needs_matches && !unmatched.empty()) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE, "an item of the list matches nothing");
  }
  return found;
}

std::vector<InstanceReference> instances_of(const std::vector<RetrievedResource>& resources,
                                            const index::Snapshot& snapshot) {
  std::vector<InstanceReference> instances;
  for (const RetrievedResource& found : resources) {
    if (found.level == Level::kInstance) {
      instances.push_back({found.id, found.public_id});
      continue;
    }
    const std::optional<index::Resource> resource = snapshot.get(found.id);
    if (!resource) {
      continue;
    }
    snapshot.descendants(*resource, Level::kInstance,
                         [&](index::ResourceId id, const index::PublicId& public_id) {
                           instances.push_back({id, public_id});
                           return true;
                         });
  }
  return instances;
}

}  // namespace hilum::dimse
