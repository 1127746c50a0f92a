// The writing half of hilum.index/1 (index_writes.cpp), for the table in index_service.cpp and for services that write, too; see
// hilum/index.h.
#pragma once

#include <hilum/index.h>

#include <optional>

#include "core/index/transaction.h"
#include "core/plugins/plugin.h"

namespace hilum::plugins {

int32_t set_metadata(const hilum_host* host, hilum_text id, int32_t key, hilum_text value,
                     const hilum_condition* condition, int64_t* revision);
int32_t delete_metadata(const hilum_host* host, hilum_text id, int32_t key, const hilum_condition* condition);
int32_t add_label(const hilum_host* host, hilum_text id, uint32_t level, hilum_text label);
int32_t remove_label(const hilum_host* host, hilum_text id, uint32_t level, hilum_text label);
int32_t set_protected(const hilum_host* host, hilum_text id, int32_t is_protected);
int32_t delete_resource(const hilum_host* host, hilum_text id, uint32_t level, uint32_t* remaining_level,
                        char remaining_id[44]);

// Metadata that belong to users have numbers from here on.
inline constexpr int32_t kFirstUserMetadataKey = 1024;
// Throws HILUM_E_OUT_OF_RANGE for what cannot be the number of metadata.
int32_t checked_metadata_key(int32_t key);

// The text of a label. Throws HILUM_E_OUT_OF_RANGE for what cannot be one.
std::string checked_label(hilum_text text);

// What a write may meet, copied out of the ABI so that the committing thread does not read the plugin's
// memory.
class Condition {
 public:
  explicit Condition(const hilum_condition* condition);
  // Throws HILUM_E_REVISION if a present item does not fit. Absent ones always do.
  void check(int64_t revision, const std::string& md5) const;
  bool needs_md5() const { return mode_ == HILUM_IF_MATCH; }

 private:
  uint32_t mode_ = HILUM_IF_ANY;
  int64_t revision_ = 0;
  std::string md5_;
};

// Runs on the committing thread; durable when it returns. `apply` gives the blobs whose space is free.
void change(Plugin& plugin, std::function<std::vector<index::BlobUuid>(index::Transaction&)> apply);
// The resource as the committing thread sees it. Throws HILUM_E_UNKNOWN_RESOURCE, also for another level.
index::Resource resource_in(const index::Transaction& transaction, const index::PublicId& id,
                            std::optional<index::Level> level = std::nullopt);
void log_change(index::Transaction& transaction, index::ChangeType type, const index::Resource& resource);

}  // namespace hilum::plugins
