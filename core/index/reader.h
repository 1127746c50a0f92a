// What reading the index needs of its keys, so that snapshots and transactions (which read through their own
// changes) share the code above it. Inside the room only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/index/records.h"
#include "core/index/types.h"

namespace hilum::index {

class Reader {
 public:
  virtual ~Reader() = default;
  virtual bool get(std::string_view key, std::string* value) const = 0;
  // Keys with the prefix, ascending, from the first key >= `from` on. `visit` returns false to stop; it must
  // not change what it scans.
  virtual void scan(std::string_view prefix, std::string_view from,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

std::optional<Location> read_location(const Reader& reader, const PublicId& id);
std::optional<Resource> read_resource(const Reader& reader, ResourceId id);
// Throws HILUM_E_CORRUPTED if it is missing: for ids that other keys have named.
Resource need_resource(const Reader& reader, ResourceId id);
// One metadata, LastUpdate excluded.
std::optional<Metadata> read_metadata(const Reader& reader, const Resource& resource, int32_t key);
std::vector<Metadata> read_all_metadata(const Reader& reader, const Resource& resource);
// LastUpdate as the metadata of patients, studies and series; nothing if it is not known.
std::optional<Metadata> last_update_metadata(const Counters& counters);
// Of an instance: its own sizes. Throws HILUM_E_CORRUPTED if a parent has none.
Counters read_counters(const Reader& reader, const Resource& resource);
PatientState read_patient_state(const Reader& reader, ResourceId patient);
std::vector<std::string> read_labels(const Reader& reader, ResourceId id);
std::vector<ResourceId> read_children(const Reader& reader, ResourceId parent);

// The sizes that an attachment adds to its resource and everything above it.
Counters sizes_of(const Attachment& attachment);
Counters sizes_of(const std::vector<Attachment>& attachments);
// Counts and sizes, not LastUpdate; differences are modulo 2^64.
void add(Counters& to, const Counters& what);
void subtract(Counters& from, const Counters& what);

}  // namespace hilum::index
