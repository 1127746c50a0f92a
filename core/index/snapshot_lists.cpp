// Reading the whole index: lists, totals, search keys, labels, changes.
#include <algorithm>
#include <limits>

#include "core/index/kv_reader.h"
#include "core/index/reader.h"
#include "core/index/schema.h"
#include "core/index/snapshot.h"

namespace hilum::index {

namespace {

// Skips whole blocks of a depth, from block `first` up to (not including) `end`, while they fit into
// `*to_skip`. Returns the first block that does not, or `end`.
uint64_t skip_blocks(const Reader& reader, Level level, int depth, uint64_t first, uint64_t end,
                     uint64_t* to_skip) {
  uint64_t stopped = end;
  reader.scan(block_prefix(level, depth), block_key(level, depth, first),
              [&](std::string_view key, std::string_view value) {
                const auto parsed = parse_block_key(key);
                if (!parsed || parsed->block >= end) {
                  return false;
                }
                const uint64_t count = decode_varint(value);
                if (count > *to_skip) {
                  stopped = parsed->block;
                  return false;
                }
                *to_skip -= count;
                return true;
              });
  return stopped;
}

}  // namespace

void Snapshot::list(Level level, uint64_t since, uint64_t limit,
                    const std::function<bool(ResourceId, const PublicId&)>& visit) const {
  if (limit == 0) {
    return;
  }
  const KvReader reader(*kv_);
  ResourceId first = 0;
  uint64_t to_skip = since;
  if (since > 0) {
    constexpr uint64_t kEnd = std::numeric_limits<uint64_t>::max();
    uint64_t begin = 0, end = kEnd;
    for (int depth = kBlockDepths; depth >= 1; --depth) {
      const uint64_t block = skip_blocks(reader, level, depth, begin, end, &to_skip);
      if (block == end) {
        return;  // beyond the last resource
      }
      first = block << block_shift(depth);
      begin = block << 10;
      end = begin + 1024;
    }
  }
  uint64_t left = limit;
  reader.scan(level_prefix(key::kOrder, level), order_key(level, first),
              [&](std::string_view key, std::string_view value) {
                const auto parsed = parse_order_key(key);
                if (!parsed) {
                  return true;
                }
                if (to_skip > 0) {
                  --to_skip;
                  return true;
                }
                return visit(parsed->id, decode_public_id(value)) && --left > 0;
              });
}

Totals Snapshot::totals() const {
  std::string value;
  return kv_->get(number_key(NumberKey::kTotals), &value) ? decode_totals(value) : Totals{};
}

std::vector<std::string> Snapshot::all_labels(std::optional<Level> level) const {
  std::vector<std::string> labels;
  const std::unique_ptr<KvIterator> it = kv_->iterate();
  for (const Level at : kLevels) {
    if (level && *level != at) {
      continue;
    }
    const std::string prefix = level_prefix(key::kLabelled, at);
    it->seek(prefix);
    while (it->valid() && it->key().substr(0, prefix.size()) == prefix) {
      const auto parsed = parse_labelled_key(it->key());
      if (!parsed) {
        it->next();
        continue;
      }
      labels.emplace_back(parsed->label);
      // One seek per label, however many resources have it.
      it->seek(after_prefix(prefix + std::string(parsed->label) + '\0'));
    }
  }
  std::sort(labels.begin(), labels.end());
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  return labels;
}

bool Snapshot::is_identifier(Level level, Tag tag) const {
  const std::vector<Tag>& tags = identifier_tags(level);
  return std::binary_search(tags.begin(), tags.end(), tag);
}

void Snapshot::identifiers(Level level, Tag tag, std::string_view from, std::optional<std::string_view> to,
                           const std::function<bool(std::string_view, ResourceId)>& visit) const {
  const std::string prefix = identifier_prefix(level, tag);
  KvReader(*kv_).scan(prefix, prefix + std::string(cut_search_value(from)),
                      [&](std::string_view key, std::string_view) {
                        const auto parsed = parse_identifier_key(key);
                        if (!parsed) {
                          return true;
                        }
                        if (to && parsed->search_value > cut_search_value(*to)) {
                          return false;
                        }
                        return visit(parsed->search_value, parsed->id);
                      });
}

void Snapshot::identifiers_with_prefix(Level level, Tag tag, std::string_view prefix,
                                       const std::function<bool(std::string_view, ResourceId)>& visit) const {
  const std::string start = identifier_prefix(level, tag) + std::string(cut_search_value(prefix));
  KvReader(*kv_).scan(start, start, [&](std::string_view key, std::string_view) {
    const auto parsed = parse_identifier_key(key);
    return !parsed || visit(parsed->search_value, parsed->id);
  });
}

void Snapshot::labelled(Level level, std::string_view label,
                        const std::function<bool(ResourceId)>& visit) const {
  const std::string prefix = level_prefix(key::kLabelled, level) + std::string(label) + '\0';
  KvReader(*kv_).scan(prefix, prefix, [&](std::string_view key, std::string_view) {
    const auto parsed = parse_labelled_key(key);
    return !parsed || visit(parsed->id);
  });
}

int64_t Snapshot::cleared_to(char log) const {
  std::string value;
  const NumberKey number = log == key::kExport ? NumberKey::kExportsClearedTo : NumberKey::kClearedTo;
  return kv_->get(number_key(number), &value) ? static_cast<int64_t>(decode_number(value)) : 0;
}

void Snapshot::log_rows(char log, int64_t since, const VisitRow& visit) const {
  const int64_t after = std::max(since, cleared_to(log));
  if (after == std::numeric_limits<int64_t>::max()) {
    return;
  }
  KvReader(*kv_).scan(std::string(1, log), id_prefix(log, static_cast<uint64_t>(after + 1)),
                      [&](std::string_view key, std::string_view value) {
                        const auto sequence = parse_single_key(key);
                        return !sequence || visit(static_cast<int64_t>(*sequence), value);
                      });
}

void Snapshot::log_rows_backwards(char log, int64_t to, const VisitRow& visit) const {
  if (to <= 0) {
    return;
  }
  const int64_t cleared = cleared_to(log);
  const std::string prefix(1, log);
  const std::unique_ptr<KvIterator> it = kv_->iterate();
  it->seek_for_previous(to == std::numeric_limits<int64_t>::max()
                            ? after_prefix(prefix)
                            : id_prefix(log, static_cast<uint64_t>(to) + 1));
  for (; it->valid() && it->key().substr(0, 1) == prefix; it->previous()) {
    const auto sequence = parse_single_key(it->key());
    if (sequence && static_cast<int64_t>(*sequence) <= cleared) {
      return;
    }
    if (sequence && !visit(static_cast<int64_t>(*sequence), it->value())) {
      return;
    }
  }
}

void Snapshot::changes(int64_t since, const std::function<bool(const Change&)>& visit) const {
  log_rows(key::kChange, since, [&](int64_t sequence, std::string_view row) {
    return visit(decode_change(sequence, row).change);
  });
}

void Snapshot::changes_backwards(int64_t to, const std::function<bool(const Change&)>& visit) const {
  log_rows_backwards(key::kChange, to, [&](int64_t sequence, std::string_view row) {
    return visit(decode_change(sequence, row).change);
  });
}

void Snapshot::exports(int64_t since, const std::function<bool(const Export&)>& visit) const {
  log_rows(key::kExport, since,
           [&](int64_t sequence, std::string_view row) { return visit(decode_export(sequence, row)); });
}

void Snapshot::exports_backwards(int64_t to, const std::function<bool(const Export&)>& visit) const {
  log_rows_backwards(key::kExport, to, [&](int64_t sequence, std::string_view row) {
    return visit(decode_export(sequence, row));
  });
}

int64_t Snapshot::last_change_sequence() const {
  std::string value;
  return kv_->get(number_key(NumberKey::kLastSequence), &value) ? static_cast<int64_t>(decode_number(value))
                                                                : 0;
}

void Snapshot::recycling_order(const std::function<bool(ResourceId)>& visit) const {
  const std::string prefix(1, key::kRecycling);
  KvReader(*kv_).scan(prefix, prefix,
                      [&](std::string_view, std::string_view value) { return visit(decode_number(value)); });
}

}  // namespace hilum::index
