// The keys around the records, against the records.
#include <algorithm>

#include "core/index/check_state.h"

namespace hilum::index {

namespace {

// Would the record have this key?
bool belongs(const CheckState& state, std::string_view key, std::string_view value) {
  switch (key[0]) {
    case key::kPublicId: {
      const std::optional<Resource> resource = read_resource(state.reader, decode_location(value).id);
      return resource && public_id_key(resource->public_id) == key;
    }
    case key::kOrder: {
      const std::optional<OrderKey> parsed = parse_order_key(key);
      const std::optional<Resource> resource =
          parsed ? read_resource(state.reader, parsed->id) : std::nullopt;
      return resource && resource->level == parsed->level;
    }
    case key::kChild: {
      const std::optional<ChildKey> parsed = parse_child_key(key);
      const std::optional<Resource> resource =
          parsed ? read_resource(state.reader, parsed->child) : std::nullopt;
      return resource && resource->parent == parsed->parent;
    }
    case key::kIdentifier: {
      const std::optional<IdentifierKey> parsed = parse_identifier_key(key);
      const std::optional<Resource> resource =
          parsed ? read_resource(state.reader, parsed->id) : std::nullopt;
      if (!resource) {
        return false;
      }
      const std::vector<std::string> keys =
          identifier_keys(resource->level, resource->id, resource->tags, resource->patient_tags);
      return std::binary_search(keys.begin(), keys.end(), key);
    }
    case key::kLabelled: {
      const std::optional<LabelKey> parsed = parse_labelled_key(key);
      std::string none;
      return parsed && state.reader.get(label_of_key(parsed->id, parsed->label), &none);
    }
    default: {  // 'K'
      const std::optional<uint64_t> id = parse_single_key(key);
      const std::optional<Resource> resource = id ? read_resource(state.reader, *id) : std::nullopt;
      return resource && resource->level != Level::kInstance;
    }
  }
}

std::string type_name(char type) { return std::string(1, type); }

}  // namespace

// All keys that records demand were found, so equal numbers prove that there are no others; only if the
// numbers differ is each key looked at.
void check_reverse(CheckState& state) {
  for (const char type :
       {key::kPublicId, key::kOrder, key::kChild, key::kIdentifier, key::kLabelled, key::kCounters}) {
    uint64_t found = 0;
    state.scan(type_name(type), [&](std::string_view, std::string_view) { ++found; });
    if (found == state.expected[static_cast<unsigned char>(type)]) {
      continue;
    }
    state.scan(type_name(type), [&](std::string_view key, std::string_view value) {
      if (!belongs(state, key, value)) {
        state.problem("a key of type '{}' belongs to no record", type);
      }
    });
  }
  // Keys that a record does not demand, but that may not be without one.
  for (const char type : {key::kMetadata, key::kLabelOf}) {
    uint64_t known = 0;  // neighbours mostly belong to the same resource
    state.scan(type_name(type), [&](std::string_view key, std::string_view) {
      const std::optional<uint64_t> id = parse_single_key(key.substr(0, 9));
      std::string record;
      if (!id || (*id != known && !state.reader.get(record_key(*id), &record))) {
        state.problem("a {} belongs to no resource", type == key::kMetadata ? "metadata" : "label");
      } else {
        known = *id;
      }
    });
  }
}

void check_blocks(CheckState& state) {
  for (const Level level : kLevels) {
    for (int depth = 1; depth <= kBlockDepths; ++depth) {
      uint64_t block = 0, count = 0, blocks = 0;
      const auto finish = [&] {
        std::string value;
        blocks += count != 0;
        if (count != 0 &&
            (!state.reader.get(block_key(level, depth, block), &value) || decode_varint(value) != count)) {
          state.problem("the number of resources in a block of level {} is wrong", static_cast<int>(level));
        }
      };
      state.scan(level_prefix(key::kOrder, level), [&](std::string_view key, std::string_view) {
        const std::optional<OrderKey> parsed = parse_order_key(key);
        const uint64_t here = parsed ? parsed->id >> block_shift(depth) : block;
        if (here != block) {
          finish();
          block = here;
          count = 0;
        }
        count += parsed.has_value();
      });
      finish();
      uint64_t stored = 0;
      state.scan(block_prefix(level, depth), [&](std::string_view, std::string_view) { ++stored; });
      if (stored != blocks) {
        state.problem("level {} counts resources in blocks that are empty", static_cast<int>(level));
      }
    }
  }
}

void check_changes(CheckState& state) {
  uint64_t later = 0;  // changes that are not of the creation, which have an 'h' key
  state.scan(type_name(key::kChange), [&](std::string_view key, std::string_view value) {
    const uint64_t sequence = parse_single_key(key).value_or(0);
    if (sequence <= state.cleared_to) {
      return;
    }
    if (sequence > state.last_sequence) {
      state.problem("change {} is newer than the last number given", sequence);
    }
    const StoredChange change = decode_change(static_cast<int64_t>(sequence), value);
    const std::optional<Resource> resource = read_resource(state.reader, change.id);
    if (!resource || resource->public_id != change.change.resource) {
      state.problem("change {} is about a resource that does not exist", sequence);
      return;
    }
    if (resource->creation_sequence != change.change.sequence) {
      ++later;
      std::string none;
      if (!state.reader.get(change_of_key(change.id, change.change.sequence), &none)) {
        state.problem("change {} would outlive its resource", sequence);
      }
    }
  });
  uint64_t found = 0;
  state.scan(type_name(key::kChangeOf), [&](std::string_view key, std::string_view) {
    const auto pair = parse_pair_key(key);
    found += !pair || pair->second > state.cleared_to;
  });
  if (found != later) {
    state.problem("{} keys of resources to their changes, {} changes", found, later);
  }
}

void check_exports(CheckState& state) {
  state.scan(type_name(key::kExport), [&](std::string_view key, std::string_view value) {
    const uint64_t sequence = parse_single_key(key).value_or(0);
    if (sequence > state.last_export) {
      state.problem("export {} is newer than the last number given", sequence);
    }
    decode_export(static_cast<int64_t>(sequence), value);
  });
}

void check_recycling(CheckState& state) {
  uint64_t ordered = 0, states = 0;
  state.scan(type_name(key::kPatientState), [&](std::string_view key, std::string_view value) {
    const PatientState patient = decode_patient_state(value);
    const uint64_t id = parse_single_key(key).value_or(0);
    const std::optional<Resource> resource = read_resource(state.reader, id);
    ++states;
    if (!resource || resource->level != Level::kPatient) {
      state.problem("the recycling state of {} belongs to no patient", id);
    }
    if (patient.is_protected != (patient.order == 0) || patient.order > state.last_order) {
      state.problem("the recycling state of {} contradicts itself", id);
    }
    std::string value_of_order;
    if (patient.order != 0) {
      ++ordered;
      if (!state.reader.get(recycling_key(patient.order), &value_of_order) ||
          decode_number(value_of_order) != id) {
        state.problem("patient {} is not in the recycling order", id);
      }
    }
  });
  uint64_t found = 0;
  state.scan(type_name(key::kRecycling), [&](std::string_view, std::string_view) { ++found; });
  if (found != ordered) {
    state.problem("the recycling order has {} entries for {} patients", found, ordered);
  }
  if (states != state.totals.patients) {
    state.problem("{} patients have a recycling state, of {}", states, state.totals.patients);
  }
}

void check_totals(CheckState& state) {
  std::string value;
  Totals stored;
  try {
    stored = state.reader.get(number_key(NumberKey::kTotals), &value) ? decode_totals(value) : Totals{};
  } catch (const Error& error) {
    state.problem("{}", error.what());
    return;
  }
  if (encode_totals(stored) != encode_totals(state.totals)) {
    state.problem("the totals are wrong: {} instances counted, {} stored", state.totals.instances,
                  stored.instances);
  }
}

}  // namespace hilum::index
