// hilum.changes/1
#include <hilum/changes.h>

#include <algorithm>

#include "core/config/configuration.h"
#include "core/index/log_page.h"
#include "core/plugins/handles.h"
#include "core/plugins/index_service.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr size_t kLongestRemote = 256;

// Types that do not exist fit nothing, like those that are never logged.
std::vector<uint16_t> types_of(const hilum_log_query& given) {
  constexpr uint64_t kMostTypes = 1000;
  if (given.type_count > kMostTypes) {
    throw Error(HILUM_E_OUT_OF_RANGE, "a query has at most " + std::to_string(kMostTypes) + " types");
  }
  std::vector<uint16_t> types;
  for (uint64_t i = 0; i < given.type_count; ++i) {
    types.push_back(static_cast<uint16_t>(std::min<uint32_t>((&required(given.types, "types"))[i], 0xffff)));
  }
  std::sort(types.begin(), types.end());
  return types;
}

index::LogQuery query_of(const hilum_log_query* query) {
  const hilum_log_query given = read_struct(query, "query");
  return {std::max<int64_t>(given.since, 0), given.to, given.limit, given.from_end != 0, types_of(given)};
}

void tell_page(const index::LogPage& page, hilum_log_page* out) {
  if (out) {
    hilum_log_page result{};
    result.is_complete = page.is_complete ? 1 : 0;
    result.first = page.first;
    result.last = page.last;
    write_struct(out, result, "page");
  }
}

int32_t changes(const hilum_snapshot* snapshot, const hilum_log_query* query, hilum_on_change on_change,
                void* context, hilum_log_page* page) {
  return guarded("hilum.changes/1 changes", [&] {
    required(on_change, "on_change");
    const auto tell = [&](const index::Change& change) {
      const std::string id = change.resource.to_string();
      hilum_event event{};
      event.size = sizeof event;
      event.type = static_cast<uint32_t>(change.type);
      event.level = static_cast<uint32_t>(change.level);
      event.resource = to_text(id);
      event.sequence = change.sequence;
      event.time_ms = change.time_ms;
      return snapshot->plugin.inside("a callback of changes", [&] { return on_change(context, &event); }) ==
             0;
    };
    tell_page(index::read_changes(required(snapshot, "snapshot").snapshot, query_of(query), tell), page);
  });
}

// A question that cannot be answered is answered with 0, like an empty log.
int64_t last_change(const hilum_snapshot* snapshot) {
  int64_t last = 0;
  guarded("hilum.changes/1 last_change",
          [&] { last = required(snapshot, "snapshot").snapshot.last_change_sequence(); });
  return last;
}

int32_t clear_changes(const hilum_host* host) {
  return guarded("hilum.changes/1 clear_changes", [&] {
    change(plugin_of(host), [](index::Transaction& transaction) {
      transaction.clear_changes();
      return std::vector<index::BlobUuid>();
    });
  });
}

int32_t exports(const hilum_snapshot* snapshot, const hilum_log_query* query, hilum_on_export on_export,
                void* context, hilum_log_page* page) {
  return guarded("hilum.changes/1 exports", [&] {
    required(on_export, "on_export");
    const index::LogQuery wanted = query_of(query);
    if (!wanted.types.empty()) {
      throw Error(HILUM_E_OUT_OF_RANGE, "exports have no types");
    }
    const auto tell = [&](const index::Export& row) {
      const std::string id = row.resource.to_string();
      const auto identifier = [&](index::Level level) {
        return level <= row.level ? to_text(row.identifiers[static_cast<size_t>(level) - 1]) : hilum_text{};
      };
      hilum_export given{};
      given.size = sizeof given;
      given.level = static_cast<uint32_t>(row.level);
      given.sequence = row.sequence;
      given.time_ms = row.time_ms;
      given.resource = to_text(id);
      given.remote = to_text(row.remote);
      given.patient_id = identifier(index::Level::kPatient);
      given.study_instance_uid = identifier(index::Level::kStudy);
      given.series_instance_uid = identifier(index::Level::kSeries);
      given.sop_instance_uid = identifier(index::Level::kInstance);
      return snapshot->plugin.inside("a callback of exports", [&] { return on_export(context, &given); }) ==
             0;
    };
    tell_page(index::read_exports(required(snapshot, "snapshot").snapshot, wanted, tell), page);
  });
}

int32_t log_export(const hilum_host* host, hilum_text id, hilum_text remote, int64_t* sequence) {
  return guarded("hilum.changes/1 log_export", [&] {
    const index::PublicId wanted = public_id(id);
    const std::string name(to_view(remote));
    if (name.empty() || name.size() > kLongestRemote) {
      throw Error(HILUM_E_OUT_OF_RANGE,
                  "the name of a destination has 1 to " + std::to_string(kLongestRemote) + " bytes");
    }
    Plugin& plugin = plugin_of(host);
    int64_t given = 0;
    if (plugin.services().configuration->get_bool("LogExportedResources")) {
      change(plugin, [&](index::Transaction& transaction) {
        given = transaction.log_export(resource_in(transaction, wanted), name, now_ms());
        return std::vector<index::BlobUuid>();
      });
    }
    if (sequence) {
      *sequence = given;
    }
  });
}

int32_t clear_exports(const hilum_host* host) {
  return guarded("hilum.changes/1 clear_exports", [&] {
    change(plugin_of(host), [](index::Transaction& transaction) {
      transaction.clear_exports();
      return std::vector<index::BlobUuid>();
    });
  });
}

const hilum_changes_v1 kTable = {&changes, &last_change, &clear_changes,
                                 &exports, &log_export,  &clear_exports};

}  // namespace

const void* changes_table() { return &kTable; }

}  // namespace hilum::plugins
