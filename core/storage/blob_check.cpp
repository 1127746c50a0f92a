#include "core/storage/blob_check.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <sys/stat.h>

#include <set>

#include "core/base/uuid.h"
#include "core/storage/own_files.h"
#include "core/storage/range_reader.h"
#include "core/storage/segment_scan.h"

namespace hilum::storage {
namespace {

std::string name(const BlobUuid& uuid) { return Uuid(uuid).text(); }

// Goes through all groups that count; says where the log ends.
template <typename Visit>
Walk for_each_group(const SegmentFolder& segments, Visit visit) {
  Walk walk;
  std::optional<uint32_t> unfinished;
  for (const SegmentExtent& extent : segment_extents(segments, &unfinished)) {
    SegmentScan scan(segments.open(extent.number), kSegmentHeaderSize, extent.limit);
    walk.end = {scan.header().last_group, extent.number, kSegmentHeaderSize};
    while (const auto group = scan.next()) {
      visit(*group, extent.number);
      walk.end = {group->header.number, extent.number, group->end()};
    }
    if (extent.limit != UINT64_MAX && walk.end.offset < extent.limit) {
      walk.problems.push_back(fmt::format("{} is damaged at offset {}: the rest cannot be read",
                                          segments.path_of(extent.number), walk.end.offset));
    }
  }
  return walk;
}

template <typename Visit>
void for_each_stored(const Group& group, uint32_t segment, Visit visit) {
  uint64_t data_offset = group.data_offset();
  for (const Entry& entry : group.entries) {
    if (entry.kind == EntryKind::kRemoved) {
      continue;
    }
    const bool in_segment = entry.kind == EntryKind::kBlob;
    visit(entry, Location{in_segment ? BlobForm::kSegment : BlobForm::kFile, segment,
                          in_segment ? data_offset : group.offset, entry.size, entry.crc, entry.entry_size});
    data_offset += in_segment ? entry.size : 0;
  }
}

std::optional<std::string> problem_of(const BlobUuid& uuid, const Location& where,
                                      const SegmentFolder& segments, const OwnFiles& files, bool deep) {
  const auto reader = open_blob(uuid, where, segments, files);
  if (!reader) {
    return fmt::format("blob {} is missing ({})", name(uuid),
                       where.form == BlobForm::kFile ? files.path_of(uuid) : segments.path_of(where.segment));
  }
  const auto range = *reader->file_range();
  const uint64_t file_bytes = file_size(range.fd, name(uuid));
  const bool cut =
      where.form == BlobForm::kFile ? file_bytes != where.size : file_bytes < range.offset + where.size;
  if (cut) {
    return fmt::format("blob {} should have {} bytes, but they are not all there (or more)", name(uuid),
                       where.size);
  }
  if (deep && crc_of_range(range.fd, range.offset, where.size) != where.crc) {
    return fmt::format("blob {} is damaged: its checksum does not match", name(uuid));
  }
  return std::nullopt;
}

}  // namespace

Walk for_each_blob(const std::string& folder,
                   const std::function<void(const LoggedBlob&, const BlobReader*)>& visit) {
  const SegmentFolder segments(folder + "/segments");
  const OwnFiles files(folder + "/files", FileSystem::system(), false);
  std::set<BlobUuid> removed, known_files;
  for_each_group(segments, [&](const Group& group, uint32_t) {
    for (const Entry& entry : group.entries) {
      if (entry.kind == EntryKind::kRemoved) {
        removed.insert(entry.uuid);
      } else if (entry.kind == EntryKind::kFile) {
        known_files.insert(entry.uuid);
      }
    }
  });
  Walk walk = for_each_group(segments, [&](const Group& group, uint32_t segment) {
    for_each_stored(group, segment, [&](const Entry& entry, const Location& where) {
      if (removed.count(entry.uuid) == 0) {
        const auto reader = open_blob(entry.uuid, where, segments, files);
        visit({entry.uuid, where, entry.description}, reader.get());
      }
    });
  });
  files.for_each([&](const BlobUuid& uuid) {
    if (removed.count(uuid) == 0 && known_files.count(uuid) == 0) {
      walk.unknown_files.push_back(uuid);
    }
    return true;
  });
  return walk;
}

std::vector<std::string> check_blobs(const std::string& folder, const index::KvStore& store, bool deep) {
  const SegmentFolder segments(folder + "/segments");
  const OwnFiles files(folder + "/files", FileSystem::system(), false);
  std::vector<std::string> problems;
  const auto snapshot = store.snapshot();
  const auto next = snapshot->iterate();
  for (next->seek("B"); next->valid() && next->key().substr(0, 1) == "B"; next->next()) {
    const auto uuid = location_uuid(next->key());
    const auto where = uuid ? decode_location(next->value()) : std::nullopt;
    if (uuid && !where) {
      problems.push_back("the location of blob " + name(*uuid) + " cannot be read");
    } else if (uuid) {
      if (auto problem = problem_of(*uuid, *where, segments, files, deep)) {
        problems.push_back(std::move(*problem));
      }
    }
  }
  std::string value;
  const Walk walk = for_each_blob(folder, [&](const LoggedBlob& blob, const BlobReader*) {
    if (!snapshot->get(location_key(blob.uuid), &value)) {
      problems.push_back("blob " + name(blob.uuid) + " of the log is not known to the index");
    }
  });
  problems.insert(problems.end(), walk.problems.begin(), walk.problems.end());
  for (const BlobUuid& uuid : walk.unknown_files) {
    problems.push_back(files.path_of(uuid) + " is referenced by nothing (the next start removes it)");
  }
  return problems;
}

}  // namespace hilum::storage
