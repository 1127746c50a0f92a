#include "core/index/snapshot.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <limits>

#include "core/index/kv_reader.h"
#include "core/index/reader.h"
#include "core/index/schema.h"

namespace hilum::index {

std::optional<Resource> Snapshot::find(const PublicId& id) const {
  const KvReader reader(*kv_);
  const std::optional<Location> location = read_location(reader, id);
  return location ? std::optional<Resource>(need_resource(reader, location->id)) : std::nullopt;
}

std::optional<Resource> Snapshot::find(const PublicId& id, Level level) const {
  const KvReader reader(*kv_);
  const std::optional<Location> location = read_location(reader, id);
  if (!location || location->level != level) {
    return std::nullopt;
  }
  return need_resource(reader, location->id);
}

std::optional<Resource> Snapshot::get(ResourceId id) const { return read_resource(KvReader(*kv_), id); }

std::optional<std::pair<ResourceId, Level>> Snapshot::locate(const PublicId& id) const {
  const std::optional<Location> location = read_location(KvReader(*kv_), id);
  if (!location) {
    return std::nullopt;
  }
  return std::pair(location->id, location->level);
}

Resource Snapshot::ancestor(const Resource& resource, Level level) const {
  if (level > resource.level) {
    throw Error(HILUM_E_BAD_TYPE, "the level of an ancestor must be above the level of the resource");
  }
  const KvReader reader(*kv_);
  Resource current = resource;
  while (current.level > level) {
    const Level before = current.level;
    current = need_resource(reader, current.parent);
    if (current.level >= before) {
      throw Error(HILUM_E_CORRUPTED,
                  "the index is damaged: a parent is not above its child; run `hilum index "
                  "check`");
    }
  }
  return current;
}

std::vector<Metadata> Snapshot::metadata(const Resource& resource) const {
  const KvReader reader(*kv_);
  std::vector<Metadata> all = read_all_metadata(reader, resource);
  if (resource.level != Level::kInstance) {
    if (std::optional<Metadata> update = last_update_metadata(read_counters(reader, resource))) {
      const auto position = std::find_if(
          all.begin(), all.end(), [](const Metadata& metadata) { return metadata.key >= kLastUpdate; });
      all.insert(position, *std::move(update));
    }
  }
  return all;
}

std::optional<Metadata> Snapshot::metadata(const Resource& resource, int32_t key) const {
  const KvReader reader(*kv_);
  if (key == kLastUpdate && resource.level != Level::kInstance) {
    return last_update_metadata(read_counters(reader, resource));
  }
  return read_metadata(reader, resource, key);
}

std::vector<std::string> Snapshot::labels(ResourceId id) const { return read_labels(KvReader(*kv_), id); }

bool Snapshot::has_label(ResourceId id, std::string_view label) const {
  std::string value;
  return kv_->get(label_of_key(id, label), &value);
}

bool Snapshot::has_labels(ResourceId id) const {
  const std::string prefix = id_prefix(key::kLabelOf, id);
  bool any = false;
  KvReader(*kv_).scan(prefix, prefix, [&](std::string_view, std::string_view) {
    any = true;
    return false;
  });
  return any;
}

Counters Snapshot::counters(const Resource& resource) const {
  return read_counters(KvReader(*kv_), resource);
}

bool Snapshot::is_protected(ResourceId patient) const {
  return read_patient_state(KvReader(*kv_), patient).is_protected;
}

void Snapshot::children(ResourceId parent, const std::function<bool(ResourceId)>& visit) const {
  const std::string prefix = id_prefix(key::kChild, parent);
  KvReader(*kv_).scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    const auto parsed = parse_child_key(key);
    return !parsed || visit(parsed->child);
  });
}

void Snapshot::descendants(const Resource& resource, Level level,
                           const std::function<bool(ResourceId, const PublicId&)>& visit) const {
  if (level <= resource.level) {
    throw Error(HILUM_E_BAD_TYPE, "the level of descendants must be below the level of the resource");
  }
  // Siblings mostly arrived one after the other: then their public ids are neighbours in the order of
  // creation, and a step to the next one replaces a seek.
  const std::unique_ptr<KvIterator> orders = kv_->iterate();
  const auto at = [&](const std::string& key) { return orders->valid() && orders->key() == key; };
  bool go_on = true;
  const std::function<void(ResourceId, int)> walk = [&](ResourceId parent, int depth) {
    children(parent, [&](ResourceId child) {
      if (depth > 1) {
        walk(child, depth - 1);
        return go_on;
      }
      const std::string key = order_key(level, child);
      if (orders->valid()) {
        orders->next();
      }
      if (!at(key)) {
        orders->seek(key);
      }
      if (at(key)) {
        go_on = visit(child, decode_public_id(orders->value()));
      }
      return go_on;
    });
  };
  walk(resource.id, static_cast<int>(level) - static_cast<int>(resource.level));
}

std::optional<std::string> Snapshot::global_property(std::string_view name) const {
  std::string value;
  return kv_->get(global_property_key(name), &value) ? std::optional<std::string>(std::move(value))
                                                     : std::nullopt;
}

std::optional<std::string> Snapshot::plugin_record(std::string_view store, std::string_view key) const {
  std::string value;
  return kv_->get(plugin_record_key(store, key), &value) ? std::optional<std::string>(std::move(value))
                                                         : std::nullopt;
}

void Snapshot::plugin_records(
    std::string_view store, std::string_view prefix,
    const std::function<bool(std::string_view key, std::string_view value)>& visit) const {
  const std::string first = plugin_record_key(store, prefix);
  const size_t name = first.size() - prefix.size();
  KvReader(*kv_).scan(first, first, [&](std::string_view key, std::string_view value) {
    return visit(key.substr(name), value);
  });
}

}  // namespace hilum::index
