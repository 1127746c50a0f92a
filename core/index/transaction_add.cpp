// Adding an instance and the parents that are missing.
#include <hilum/cpp/error.h>

#include <algorithm>

#include "core/index/transaction_impl.h"

namespace hilum::index {

namespace {

constexpr size_t kPatient = 0, kStudy = 1, kSeries = 2, kInstance = 3;

const Metadata* find_metadata(const std::vector<Metadata>& all, int32_t key) {
  const auto it =
      std::find_if(all.begin(), all.end(), [&](const Metadata& metadata) { return metadata.key == key; });
  return it == all.end() ? nullptr : &*it;
}

}  // namespace

std::optional<Transaction::Impl::Hot> Transaction::Impl::find_parent(const PublicId& id, Level level) {
  if (const auto it = hot_.find(id); it != hot_.end()) {
    return it->second;
  }
  const std::optional<Location> location = read_location(overlay_, id);
  if (!location) {
    return std::nullopt;
  }
  if (location->level != level) {
    // The separator in hashed identifiers is not escaped: a PatientID that contains it can collide.
    throw Error(HILUM_E_DUPLICATE,
                "the identifiers of the instance collide with those of a resource of "
                "another level");
  }
  return hot_.emplace(id, Hot{location->id, need_resource(overlay_, location->id).parent}).first->second;
}

Transaction::Impl::Family Transaction::Impl::find_family(const NewInstance& instance) {
  if (read_location(overlay_, instance.ids[kInstance])) {
    throw Error(HILUM_E_DUPLICATE, "the instance is in the index already");
  }
  Family family;
  ResourceId parent = 0;
  for (size_t slot = kPatient; slot <= kSeries; ++slot) {
    const std::optional<Hot> found = find_parent(instance.ids[slot], kLevels[slot]);
    if (found && found->parent != parent) {
      throw Error(HILUM_E_DUPLICATE,
                  "the identifiers of the instance collide with those of a resource of "
                  "another patient");
    }
    family.is_new[slot] = !found;
    parent = family.ids[slot] = found ? found->id : ++numbers_.last_id;
  }
  family.is_new[kInstance] = true;
  family.ids[kInstance] = ++numbers_.last_id;
  for (size_t slot = kInstance + 1; slot-- > 0;) {  // announced from below
    if (family.is_new[slot]) {
      family.sequences[slot] = ++numbers_.last_sequence;
    }
  }
  return family;
}

// Keys that every new resource has.
void Transaction::Impl::create(const Resource& resource) {
  overlay_.put_new(public_id_key(resource.public_id), encode_location({resource.id, resource.level}));
  overlay_.put_new(order_key(resource.level, resource.id), std::string(resource.public_id.view()));
  overlay_.put_new(record_key(resource.id), encode_resource(resource));
  if (resource.parent != 0) {
    overlay_.put_new(child_key(resource.parent, resource.id));
  }
  for (std::string& key :
       identifier_keys(resource.level, resource.id, resource.tags, resource.patient_tags)) {
    overlay_.put_new(std::move(key));
  }
  count_in_block(resource.level, resource.id, 1);
  count_in_totals(resource.level, sizes_of(resource.attachments), true);
}

void Transaction::Impl::create_parent(const NewInstance& instance, const Family& family, size_t slot) {
  Resource parent;
  parent.id = family.ids[slot];
  parent.level = kLevels[slot];
  parent.public_id = instance.ids[slot];
  parent.parent = slot == kPatient ? 0 : family.ids[slot - 1];
  parent.creation_sequence = family.sequences[slot];
  parent.tags = instance.tags[slot];
  if (slot == kStudy) {
    parent.patient_tags = instance.tags[kPatient];
  }
  parent.system_metadata = instance.parent_metadata[slot];
  if (slot == kSeries) {
    parent.system_metadata.insert(parent.system_metadata.end(), instance.series_metadata.begin(),
                                  instance.series_metadata.end());
    std::sort(parent.system_metadata.begin(), parent.system_metadata.end(),
              [](const Metadata& a, const Metadata& b) { return a.key < b.key; });
  }
  create(parent);
  hot_.emplace(parent.public_id, Hot{parent.id, parent.parent});
}

void Transaction::Impl::count_instance(const NewInstance& instance, const Family& family) {
  Counters added = sizes_of(instance.attachments);
  added.instances = 1;
  for (size_t slot = kInstance; slot-- > kPatient;) {
    Counters counters = family.is_new[slot] ? Counters{} : counters_of(family.ids[slot]);
    add(counters, added);
    counters.last_update_ms = instance.reception_ms;
    set_counters(family.ids[slot], counters);
    if (family.is_new[slot]) {
      added.series += slot == kSeries;
      added.studies += slot == kStudy;
    }
  }
}

void Transaction::Impl::announce(const NewInstance& instance, const Family& family) {
  constexpr ChangeType kTypes[] = {ChangeType::kNewPatient, ChangeType::kNewStudy, ChangeType::kNewSeries,
                                   ChangeType::kNewInstance};
  for (size_t slot = kInstance + 1; slot-- > 0;) {
    if (family.is_new[slot]) {
      const Change change{family.sequences[slot], kTypes[slot], kLevels[slot], instance.ids[slot],
                          instance.reception_ms};
      overlay_.put_new(change_key(change.sequence), encode_change({change, family.ids[slot]}));
      events_.push_back(change);
    }
  }
  for (size_t slot = kPatient; slot <= kSeries; ++slot) {
    log(ChangeType::kNewChildInstance, kLevels[slot], family.ids[slot], instance.ids[slot],
        instance.reception_ms);
  }
}

Resource Transaction::Impl::add_instance(const NewInstance& instance) {
  const Family family = find_family(instance);
  for (size_t slot = kPatient; slot <= kSeries; ++slot) {
    if (family.is_new[slot]) {
      create_parent(instance, family, slot);
    }
  }
  Resource added;
  added.id = family.ids[kInstance];
  added.level = Level::kInstance;
  added.public_id = instance.ids[kInstance];
  added.parent = family.ids[kSeries];
  added.creation_sequence = family.sequences[kInstance];
  added.tags = instance.tags[kInstance];
  added.system_metadata = instance.instance_metadata;
  added.attachments = instance.attachments;
  create(added);
  count_instance(instance, family);
  announce(instance, family);
  move_to_end_of_recycling(family.ids[kPatient]);
  if (completes_series(instance, family)) {
    log(ChangeType::kCompletedSeries, Level::kSeries, family.ids[kSeries], instance.ids[kSeries],
        instance.reception_ms);
  }
  return added;
}

// --- completion of series ---

Transaction::Impl::SeriesFacts& Transaction::Impl::series_facts(ResourceId series) {
  if (const auto it = series_.find(series); it != series_.end()) {
    return it->second;
  }
  if (series_.size() >= kSeriesLimit) {
    series_.erase(series_.begin());
  }
  SeriesFacts facts;
  if (const auto expected = metadata(need_resource(overlay_, series), kExpectedInstances)) {
    facts.expected = parse_expected_instances(expected->value);
  }
  return series_.emplace(series, std::move(facts)).first->second;
}

void Transaction::Impl::scan_series(ResourceId series, SeriesFacts* facts) {
  facts->progress.emplace(facts->expected);
  facts->instances = 0;
  for (const ResourceId id : read_children(overlay_, series)) {
    const auto index = read_metadata(overlay_, need_resource(overlay_, id), kIndexInSeries);
    facts->progress->add(index ? std::optional<std::string_view>(index->value) : std::nullopt);
    ++facts->instances;
  }
}

bool Transaction::Impl::is_series_complete(ResourceId series) {
  SeriesFacts& facts = series_facts(series);
  const uint64_t instances = counters_of(series).instances;
  // Only a series with enough instances is looked at, and each of them once.
  if (!facts.expected || instances < static_cast<uint64_t>(*facts.expected)) {
    return false;
  }
  if (!facts.progress || facts.instances != instances) {
    scan_series(series, &facts);
  }
  return facts.progress->status() == SeriesStatus::kComplete;
}

bool Transaction::Impl::completes_series(const NewInstance& instance, const Family& family) {
  const ResourceId series = family.ids[kSeries];
  SeriesFacts& facts = series_facts(series);
  if (!facts.expected) {
    return false;
  }
  if (family.is_new[kSeries]) {
    facts.progress.emplace(facts.expected);
  }
  if (facts.progress && facts.instances + 1 == counters_of(series).instances) {
    const Metadata* index = find_metadata(instance.instance_metadata, kIndexInSeries);
    facts.progress->add(index ? std::optional<std::string_view>(index->value) : std::nullopt);
    ++facts.instances;
  }
  return is_series_complete(series);
}

// --- totals, recycling ---

void Transaction::Impl::count_in_totals(Level level, const Counters& sizes, bool added) {
  Totals& totals = numbers_.totals;
  uint64_t& count = level == Level::kPatient  ? totals.patients
                    : level == Level::kStudy  ? totals.studies
                    : level == Level::kSeries ? totals.series
                                              : totals.instances;
  const uint64_t sign = added ? 1 : ~uint64_t{0};  // -1 modulo 2^64
  count += sign;
  totals.stored_size += sign * sizes.stored_size;
  totals.content_size += sign * sizes.content_size;
}

void Transaction::Impl::set_patient_state(ResourceId patient, const PatientState& state) {
  const PatientState before = patient_state(patient);
  if (before.order != state.order) {
    if (before.order != 0) {
      overlay_.erase(recycling_key(before.order));
    }
    if (state.order != 0) {
      overlay_.put_new(recycling_key(state.order), encode_number(patient));
    }
  }
  overlay_.put(patient_state_key(patient), encode_patient_state(state));
  patients_[patient] = state;
}

void Transaction::Impl::move_to_end_of_recycling(ResourceId patient) {
  const PatientState state = patient_state(patient);
  if (!state.is_protected && (state.order == 0 || state.order != numbers_.last_order)) {
    set_patient_state(patient, {false, ++numbers_.last_order});
  }
}

}  // namespace hilum::index
