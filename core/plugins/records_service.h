// Records of plugins: what the services hilum.records/draft and hilum.batches/draft share.
#pragma once

#include <hilum/draft/records.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/index/transaction.h"

namespace hilum::plugins {

// One change, under its key in the index's store.
struct RecordChange {
  std::string key;
  std::optional<std::string> value;  // none: erase
};

// Throws HILUM_E_OUT_OF_RANGE for what cannot be the name of a store.
std::string_view checked_store(hilum_text name);
RecordChange record_change(std::string_view store, const hilum_record_change& given);
void apply(const RecordChange& change, index::Transaction& transaction);

}  // namespace hilum::plugins
