// Does the index agree with itself? For `hilum index check`.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "core/index/kv_store.h"
#include "core/index/types.h"

namespace hilum::index {

struct CheckOptions {
  size_t maximum_problems = 1000;  // the check goes on, but remembers no more
  // Called for every attachment of every resource, so that the caller can compare with the storage.
  std::function<void(const PublicId& resource, const Attachment& attachment)> on_attachment;
};

// Compares all kinds of keys with each other: every record against its public id, order, parent, search keys
// and counters, and the other way round. Memory does not grow with the archive; the time does. Returns one
// sentence per problem; empty: all is well.
std::vector<std::string> check_index(const KvSnapshot& snapshot, const CheckOptions& options = {});

}  // namespace hilum::index
