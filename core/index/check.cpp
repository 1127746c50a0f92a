#include "core/index/check.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include "core/index/check_state.h"
#include "core/index/schema.h"

namespace hilum::index {

namespace {

const char* level_word(Level level) { return dicom::level_name(dicom_level(level)); }

// Records: each against everything that must exist because of it.
void check_record(CheckState& state, const Resource& resource) {
  const std::string name = fmt::format("{} {}", level_word(resource.level), resource.public_id.to_string());
  std::string value;
  state.expect(key::kPublicId);
  if (!state.reader.get(public_id_key(resource.public_id), &value)) {
    state.problem("{} cannot be found by its public id", name);
  } else if (const Location location = decode_location(value);
             location.id != resource.id || location.level != resource.level) {
    state.problem("the public id of {} leads to another resource", name);
  }
  state.expect(key::kOrder);
  if (!state.reader.get(order_key(resource.level, resource.id), &value) ||
      value != resource.public_id.view()) {
    state.problem("{} is not in the list of its level", name);
  }
  for (const std::string& key :
       identifier_keys(resource.level, resource.id, resource.tags, resource.patient_tags)) {
    state.expect(key::kIdentifier);
    if (!state.reader.get(key, &value)) {
      state.problem("{} misses a search key of the tag {}", name,
                    dicom::format_tag(parse_identifier_key(key)->tag));
    }
  }
  for (const std::string& label : read_labels(state.reader, resource.id)) {
    state.expect(key::kLabelled);
    if (!state.reader.get(labelled_key(resource.level, label, resource.id), &value)) {
      state.problem("{} is not found by its label {}", name, label);
    }
  }
  if ((resource.level == Level::kPatient) != (resource.parent == 0)) {
    state.problem("{} has no parent, or one too many", name);
  }
  if (resource.parent != 0) {
    state.expect(key::kChild);
    const std::optional<Resource> parent = read_resource(state.reader, resource.parent);
    if (!parent || static_cast<int>(parent->level) + 1 != static_cast<int>(resource.level)) {
      state.problem("{} has no parent of the level above", name);
    }
    if (!state.reader.get(child_key(resource.parent, resource.id), &value)) {
      state.problem("{} is not among the children of its parent", name);
    }
  }
  if (state.options.on_attachment) {
    for (const Attachment& attachment : resource.attachments) {
      state.options.on_attachment(resource.public_id, attachment);
    }
  }
  state.count(resource);
}

// The counters of a parent against its children, whose own counters are checked in their turn.
void check_counters(CheckState& state, const Resource& resource) {
  Counters sum = sizes_of(resource.attachments);
  state.scan(id_prefix(key::kChild, resource.id), [&](std::string_view key, std::string_view) {
    const std::optional<ChildKey> pair = parse_child_key(key);
    const std::optional<Resource> child = pair ? read_resource(state.reader, pair->child) : std::nullopt;
    if (!child || child->parent != resource.id) {
      state.problem("{} has a child that does not exist or belongs elsewhere",
                    resource.public_id.to_string());
      return;
    }
    add(sum, read_counters(state.reader, *child));
    sum.studies += child->level == Level::kStudy;
    sum.series += child->level == Level::kSeries;
    sum.instances += child->level == Level::kInstance;
  });
  state.expect(key::kCounters);
  Counters stored = read_counters(state.reader, resource);
  stored.last_update_ms = 0;
  if (encode_counters(sum) != encode_counters(stored)) {
    state.problem("the counters of {} are wrong", resource.public_id.to_string());
  }
  if (sum.instances == 0) {
    state.problem("{} {} has no instances", level_word(resource.level), resource.public_id.to_string());
  }
}

void check_records(CheckState& state) {
  state.scan(std::string(1, key::kRecord), [&](std::string_view key, std::string_view value) {
    const std::optional<uint64_t> id = parse_single_key(key);
    if (!id) {
      state.problem("a record has a malformed key");
      return;
    }
    const Resource resource = decode_resource(*id, value);
    if (*id > state.last_id) {
      state.problem("resource {} is newer than the last number given", *id);
    }
    check_record(state, resource);
    if (resource.level != Level::kInstance) {
      check_counters(state, resource);
    }
  });
}

}  // namespace

std::vector<std::string> check_index(const KvSnapshot& snapshot, const CheckOptions& options) {
  CheckState state(snapshot, options);
  std::string value;
  if (!snapshot.get(format_key(), &value) || value != format_value()) {
    state.problem("the format version is missing or another one");
    return state.problems;
  }
  check_records(state);
  check_blocks(state);
  check_reverse(state);
  check_changes(state);
  check_exports(state);
  check_recycling(state);
  check_totals(state);
  return state.problems;
}

}  // namespace hilum::index
