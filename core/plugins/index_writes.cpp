// hilum.index/1: writing.
#include <algorithm>

#include "core/plugins/handles.h"
#include "core/plugins/index_service.h"

namespace hilum::plugins {

std::string checked_label(hilum_text text) {
  const std::string_view label = to_view(text);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (label.empty() || label.size() > 64 || !std::all_of(label.begin(), label.end(), allowed)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "a label has 1 to 64 characters of A-Z, a-z, 0-9, '_' and '-'");
  }
  return std::string(label);
}

int32_t checked_metadata_key(int32_t key) {
  constexpr int32_t kLastUserKey = 65535;
  if (key < 1 || key > kLastUserKey) {
    throw Error(HILUM_E_OUT_OF_RANGE, "metadata have numbers from 1 to 65535, not " + std::to_string(key));
  }
  return key;
}

namespace {

void check_condition(const Condition& condition, const index::Metadata& present) {
  condition.check(present.revision, condition.needs_md5() ? md5_hex(present.value) : std::string());
}

}  // namespace

Condition::Condition(const hilum_condition* condition) {
  if (!condition) {
    return;
  }
  const hilum_condition given = read_struct(condition, "condition");
  if (given.mode > HILUM_IF_ABSENT) {
    throw Error(HILUM_E_OUT_OF_RANGE, "there is no mode of conditions " + std::to_string(given.mode));
  }
  mode_ = given.mode;
  revision_ = given.revision;
  md5_ = std::string(to_view(given.md5));
}

void Condition::check(int64_t revision, const std::string& md5) const {
  const bool differs = mode_ == HILUM_IF_MATCH && (revision != revision_ || md5 != md5_);
  if (differs || mode_ == HILUM_IF_ABSENT) {
    throw Error(HILUM_E_REVISION);
  }
}

void change(Plugin& plugin, std::function<std::vector<index::BlobUuid>(index::Transaction&)> apply) {
  ingest::Ingest::Change change;
  change.apply = std::move(apply);
  plugin.services().ingest.change(std::move(change));
}

index::Resource resource_in(const index::Transaction& transaction, const index::PublicId& id,
                            std::optional<index::Level> level) {
  std::optional<index::Resource> found = transaction.find(id);
  if (!found || (level && found->level != *level)) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE);
  }
  return std::move(*found);
}

void log_change(index::Transaction& transaction, index::ChangeType type, const index::Resource& resource) {
  transaction.log_change(type, resource.level, resource.id, resource.public_id, now_ms());
}

int32_t set_metadata(const hilum_host* host, hilum_text id, int32_t key, hilum_text value,
                     const hilum_condition* condition, int64_t* revision) {
  return guarded("hilum.index/1 set_metadata", [&] {
    const index::PublicId wanted = public_id(id);
    const Condition only_if(condition);
    index::Metadata metadata{checked_metadata_key(key), 0, std::string(to_view(value))};
    change(plugin_of(host), [&](index::Transaction& transaction) {
      const index::Resource resource = resource_in(transaction, wanted);
      if (const std::optional<index::Metadata> present = transaction.metadata(resource, key)) {
        check_condition(only_if, *present);
        metadata.revision = present->revision + 1;
      } else {
        metadata.revision = 0;
      }
      transaction.set_metadata(resource, metadata, key >= kFirstUserMetadataKey);
      return std::vector<index::BlobUuid>();
    });
    if (revision) {
      *revision = metadata.revision;
    }
  });
}

int32_t delete_metadata(const hilum_host* host, hilum_text id, int32_t key,
                        const hilum_condition* condition) {
  return guarded("hilum.index/1 delete_metadata", [&] {
    const index::PublicId wanted = public_id(id);
    const Condition only_if(condition);
    checked_metadata_key(key);
    change(plugin_of(host), [&](index::Transaction& transaction) {
      const index::Resource resource = resource_in(transaction, wanted);
      const std::optional<index::Metadata> present = transaction.metadata(resource, key);
      if (!present) {
        throw Error(HILUM_E_UNKNOWN_RESOURCE);
      }
      check_condition(only_if, *present);
      transaction.erase_metadata(resource, key);
      return std::vector<index::BlobUuid>();
    });
  });
}

int32_t add_label(const hilum_host* host, hilum_text id, uint32_t level, hilum_text label) {
  return guarded("hilum.index/1 add_label", [&] {
    const index::PublicId wanted = public_id(id);
    const std::optional<index::Level> of = level_of(level);
    const std::string text = checked_label(label);
    change(plugin_of(host), [&](index::Transaction& transaction) {
      transaction.add_label(resource_in(transaction, wanted, of), text);
      return std::vector<index::BlobUuid>();
    });
  });
}

int32_t remove_label(const hilum_host* host, hilum_text id, uint32_t level, hilum_text label) {
  return guarded("hilum.index/1 remove_label", [&] {
    const index::PublicId wanted = public_id(id);
    const std::optional<index::Level> of = level_of(level);
    const std::string text(to_view(label));  // one that cannot exist is not there either
    change(plugin_of(host), [&](index::Transaction& transaction) {
      transaction.remove_label(resource_in(transaction, wanted, of), text);
      return std::vector<index::BlobUuid>();
    });
  });
}

int32_t set_protected(const hilum_host* host, hilum_text id, int32_t is_protected) {
  return guarded("hilum.index/1 set_protected", [&] {
    const std::optional<index::PublicId> wanted = index::PublicId::parse(to_view(id));
    change(plugin_of(host), [&](index::Transaction& transaction) {
      const std::optional<index::Resource> patient = wanted ? transaction.find(*wanted) : std::nullopt;
      if (!patient || patient->level != index::Level::kPatient) {
        throw Error(HILUM_E_OUT_OF_RANGE, "only patients can be protected");
      }
      transaction.set_protected(*patient, is_protected != 0);
      return std::vector<index::BlobUuid>();
    });
  });
}

int32_t delete_resource(const hilum_host* host, hilum_text id, uint32_t level, uint32_t* remaining_level,
                        char remaining_id[44]) {
  return guarded("hilum.index/1 delete_resource", [&] {
    const index::PublicId wanted = public_id(id);
    const std::optional<index::Level> of = level_of(level);
    std::optional<std::pair<index::Level, index::PublicId>> remaining;
    change(plugin_of(host), [&](index::Transaction& transaction) {
      index::Removed removed = transaction.remove(resource_in(transaction, wanted, of));
      remaining = removed.remaining;
      return std::move(removed.blobs);
    });
    if (remaining_level) {
      *remaining_level = remaining ? static_cast<uint32_t>(remaining->first) : 0;
    }
    if (remaining_id && remaining) {
      std::memcpy(remaining_id, remaining->second.to_string().data(), 44);
    }
  });
}

}  // namespace hilum::plugins
