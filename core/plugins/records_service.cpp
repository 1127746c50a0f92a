// hilum.records/draft
#include "core/plugins/records_service.h"

#include <hilum/draft/records.h>

#include <algorithm>
#include <charconv>

#include "core/index/schema.h"
#include "core/plugins/handles.h"
#include "core/plugins/index_service.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr size_t kLongestStore = 64;
constexpr size_t kLongestKey = 1024;
constexpr size_t kLongestValue = 16 << 20;

std::string_view checked_key(hilum_text text) {
  const std::string_view key = to_view(text);
  if (key.empty() || key.size() > kLongestKey) {
    throw Error(HILUM_E_OUT_OF_RANGE, "the key of a record has 1 to " + std::to_string(kLongestKey) +
                                          " bytes, not " + std::to_string(key.size()));
  }
  return key;
}

int32_t get(const hilum_host* host, hilum_text store, hilum_text key, hilum_sink value) {
  return guarded("hilum.records/draft get", [&] {
    Plugin& plugin = plugin_of(host);
    const auto found =
        plugin.services().ingest.snapshot().plugin_record(checked_store(store), checked_key(key));
    if (!found) {
      throw Error(HILUM_E_INEXISTENT_ITEM);
    }
    write_sink(plugin, value, *found);
  });
}

int32_t scan(const hilum_host* host, hilum_text store, hilum_text prefix, hilum_on_record on_record,
             void* context) {
  return guarded("hilum.records/draft scan", [&] {
    Plugin& plugin = plugin_of(host);
    required(on_record, "on_record");
    const auto tell = [&](std::string_view key, std::string_view value) {
      return plugin.inside("on_record", [&] { return on_record(context, to_text(key), to_text(value)); }) ==
             0;
    };
    plugin.services().ingest.snapshot().plugin_records(checked_store(store), to_view(prefix), tell);
  });
}

int32_t write(const hilum_host* host, hilum_text store, const hilum_record_change* changes, uint64_t count) {
  return guarded("hilum.records/draft write", [&] {
    const std::string_view name = checked_store(store);
    std::vector<RecordChange> list;
    for (uint64_t i = 0; i < count; ++i) {
      list.push_back(record_change(name, (&required(changes, "changes"))[i]));
    }
    change(plugin_of(host), [&](index::Transaction& transaction) {
      for (const RecordChange& one : list) {
        apply(one, transaction);
      }
      return std::vector<index::BlobUuid>();
    });
  });
}

int64_t number_of(const std::optional<std::string>& value) {
  int64_t number = 0;
  if (value) {
    const char* const end = value->data() + value->size();
    const auto parsed = std::from_chars(value->data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end) {
      throw Error(HILUM_E_BAD_FORMAT, "the record to add to is no decimal number");
    }
  }
  return number;
}

int32_t add(const hilum_host* host, hilum_text store, hilum_text key, int64_t by, int64_t* sum) {
  return guarded("hilum.records/draft add", [&] {
    const std::string name = index::plugin_record_key(checked_store(store), checked_key(key));
    int64_t result = 0;
    change(plugin_of(host), [&](index::Transaction& transaction) {
      if (__builtin_add_overflow(number_of(transaction.get_raw(name)), by, &result)) {
        throw Error(HILUM_E_OUT_OF_RANGE, "the sum does not fit into 64 bits");
      }
      transaction.put_raw(name, std::to_string(result));
      return std::vector<index::BlobUuid>();
    });
    if (sum) {
      *sum = result;
    }
  });
}

const hilum_records_draft kTable = {&get, &scan, &write, &add};

}  // namespace

std::string_view checked_store(hilum_text text) {
  const std::string_view name = to_view(text);
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  if (name.empty() || name.size() > kLongestStore || !std::all_of(name.begin(), name.end(), allowed)) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "the name of a store has 1 to 64 characters of a-z, 0-9, '.', '_' and '-'");
  }
  return name;
}

RecordChange record_change(std::string_view store, const hilum_record_change& given) {
  RecordChange change{index::plugin_record_key(store, checked_key(given.key)), std::nullopt};
  if (given.value.data) {
    if (given.value.size > kLongestValue) {
      throw Error(HILUM_E_OUT_OF_RANGE, "a record has at most " + std::to_string(kLongestValue) +
                                            " bytes, not " + std::to_string(given.value.size));
    }
    change.value = std::string(to_view(given.value));
  }
  return change;
}

void apply(const RecordChange& change, index::Transaction& transaction) {
  if (change.value) {
    transaction.put_raw(change.key, *change.value);
  } else {
    transaction.erase_raw(change.key);
  }
}

const void* records_table() { return &kTable; }

}  // namespace hilum::plugins
