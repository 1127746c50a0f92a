// What the parts of check_index share. Inside the room only.
#pragma once

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/index/check.h"
#include "core/index/kv_reader.h"
#include "core/index/schema.h"

namespace hilum::index {

struct CheckState {
  CheckState(const KvSnapshot& snapshot, const CheckOptions& check_options)
      : reader(snapshot), options(check_options) {
    last_id = number(NumberKey::kLastId);
    last_sequence = number(NumberKey::kLastSequence);
    last_order = number(NumberKey::kLastOrder);
    cleared_to = number(NumberKey::kClearedTo);
    trimmed_to = number(NumberKey::kTrimmedTo);
    last_export = number(NumberKey::kLastExport);
  }

  template <typename... Args>
  void problem(fmt::format_string<Args...> format, Args&&... args) {
    if (problems.size() < options.maximum_problems) {
      problems.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }

  // Visits all keys with a prefix; a damaged value is a problem, and the scan goes on.
  void scan(std::string_view prefix, const std::function<void(std::string_view, std::string_view)>& visit) {
    reader.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
      try {
        visit(key, value);
      } catch (const Error& error) {
        problem("{}", error.what());
      }
      return true;
    });
  }

  // One more key of this type must exist because of a record.
  void expect(char type) { ++expected[static_cast<unsigned char>(type)]; }

  void count(const Resource& resource) {
    uint64_t* const counts[] = {&totals.patients, &totals.studies, &totals.series, &totals.instances};
    ++*counts[static_cast<size_t>(resource.level) - 1];
    const Counters sizes = sizes_of(resource.attachments);
    totals.stored_size += sizes.stored_size;
    totals.content_size += sizes.content_size;
  }

  uint64_t number(NumberKey key) {
    std::string value;
    try {
      return reader.get(number_key(key), &value) ? decode_number(value) : 0;
    } catch (const Error& error) {
      problem("{}", error.what());
      return 0;
    }
  }

  KvReader reader;
  const CheckOptions& options;
  std::vector<std::string> problems;
  std::array<uint64_t, 256> expected{};
  Totals totals;  // counted from the records
  uint64_t last_id, last_sequence, last_order, cleared_to, trimmed_to, last_export;
};

// check_keys.cpp
void check_blocks(CheckState& state);
void check_reverse(CheckState& state);  // keys that belong to no record
void check_changes(CheckState& state);
void check_exports(CheckState& state);
void check_recycling(CheckState& state);
void check_totals(CheckState& state);

}  // namespace hilum::index
