// The log of exports.
#include "core/index/transaction_impl.h"

namespace hilum::index {

namespace {

constexpr std::array<Tag, 4> kIdentifiers{dicom::kPatientId, dicom::kStudyInstanceUid,
                                          dicom::kSeriesInstanceUid, dicom::kSopInstanceUid};

std::string text_of(const TagValues& tags, Tag wanted) {
  for (const dicom::TagValue& value : tags) {
    if (value.tag == wanted) {
      return value.value;
    }
  }
  return {};
}

}  // namespace

int64_t Transaction::Impl::log_export(const Resource& asked, std::string_view remote, int64_t time_ms) {
  Resource resource = current(asked);
  Export row;
  row.level = resource.level;
  row.resource = resource.public_id;
  row.time_ms = time_ms;
  row.remote = remote;
  for (;;) {
    const size_t slot = static_cast<size_t>(resource.level) - 1;
    row.identifiers[slot] = text_of(resource.tags, kIdentifiers[slot]);
    if (resource.parent == 0) {
      break;
    }
    resource = need_resource(overlay_, resource.parent);
  }
  row.sequence = ++numbers_.last_export;
  overlay_.put_new(export_key(row.sequence), encode_export(row));
  return row.sequence;
}

// In portions, as the change log.
void Transaction::Impl::trim_exports() {
  if (numbers_.exports_trimmed_to >= numbers_.exports_cleared_to) {
    return;
  }
  std::vector<int64_t> rows;
  overlay_.scan(std::string(1, key::kExport), export_key(numbers_.exports_trimmed_to + 1),
                [&](std::string_view key, std::string_view) {
                  const int64_t sequence = static_cast<int64_t>(parse_single_key(key).value_or(0));
                  if (sequence <= numbers_.exports_cleared_to) {
                    rows.push_back(sequence);
                  }
                  return sequence <= numbers_.exports_cleared_to && rows.size() < kTrimmedPerGroup;
                });
  for (const int64_t sequence : rows) {
    overlay_.erase(export_key(sequence));
  }
  numbers_.exports_trimmed_to = rows.size() < kTrimmedPerGroup ? numbers_.exports_cleared_to : rows.back();
}

}  // namespace hilum::index
