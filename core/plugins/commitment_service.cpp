// hilum.commitment/draft
#include <hilum/draft/commitment.h>

#include "core/plugins/convert.h"
#include "core/plugins/dicom_handlers.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr uint64_t kMostItems = 1000000;

// The texts are those of `items`.
std::vector<hilum_commitment_item> handed(const std::vector<dimse::CommitmentItem>& items) {
  std::vector<hilum_commitment_item> list;
  list.reserve(items.size());
  for (const dimse::CommitmentItem& item : items) {
    list.push_back({to_text(item.sop_class), to_text(item.sop_instance), item.failure_reason, 0});
  }
  return list;
}

std::vector<dimse::CommitmentItem> taken(const hilum_commitment_item* items, uint64_t count) {
  if (count > kMostItems) {
    throw Error(HILUM_E_TOO_LARGE, "more than " + std::to_string(kMostItems) + " items");
  }
  std::vector<dimse::CommitmentItem> list;
  list.reserve(static_cast<size_t>(count));
  for (uint64_t i = 0; i < count; ++i) {
    const hilum_commitment_item& item = (&required(items, "items"))[i];
    list.push_back({std::string(to_view(item.sop_class)), std::string(to_view(item.sop_instance)), 0});
  }
  return list;
}

void hand_over(Plugin& plugin, hilum_start_commitment start, void* context,
               const dimse::CommitmentRequest& request) {
  const char* what = "the start of a storage commitment";
  const std::vector<hilum_commitment_item> items = handed(request.items);
  hilum_commitment_request given{};
  given.size = sizeof given;
  given.transaction_uid = to_text(request.transaction_uid);
  given.remote_aet = to_text(request.remote_aet);
  given.called_aet = to_text(request.called_aet);
  given.items = items.data();
  given.item_count = items.size();
  const int32_t status = plugin.enter(what, [&] { return start(context, &given); });
  if (status != HILUM_OK) {
    plugin.throw_status(what, status);
  }
}

bool tell(Plugin& plugin, hilum_on_commitment on_report, void* context,
          const dimse::CommitmentReport& report) {
  const char* what = "a listener of storage commitment";
  const std::vector<hilum_commitment_item> items = handed(report.items);
  hilum_commitment_report given{};
  given.size = sizeof given;
  given.event = report.event;
  given.transaction_uid = to_text(report.transaction_uid);
  given.remote_aet = to_text(report.peer.calling_aet);
  given.called_aet = to_text(report.peer.called_aet);
  given.remote_ip = to_text(report.peer.address);
  given.items = items.data();
  given.item_count = items.size();
  const int32_t status = plugin.enter(what, [&] { return on_report(context, &given); });
  if (status == HILUM_E_INEXISTENT_ITEM) {
    return false;
  }
  if (status != HILUM_OK) {
    plugin.throw_status(what, status);
  }
  return true;
}

int32_t provide(const hilum_host* host, hilum_start_commitment start, void* context) {
  return guarded("hilum.commitment/draft provide", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.commitment/draft provide");
    required(start, "start");
    add_handler(plugin, &dimse::Handlers::commitment_jobs, [start, context](std::shared_ptr<Plugin> self) {
      return [self = std::move(self), start, context](const dimse::CommitmentRequest& request) {
        hand_over(*self, start, context, request);
      };
    });
  });
}

int32_t listen(const hilum_host* host, hilum_on_commitment on_report, void* context) {
  return guarded("hilum.commitment/draft listen", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.commitment/draft listen");
    required(on_report, "on_report");
    add_handler(plugin, &dimse::Handlers::commitment_listeners,
                [on_report, context](std::shared_ptr<Plugin> self) {
                  return [self = std::move(self), on_report, context](const dimse::CommitmentReport& report) {
                    return tell(*self, on_report, context, report);
                  };
                });
  });
}

int32_t answer(const hilum_host* host, const hilum_commitment_request* request) {
  return guarded("hilum.commitment/draft answer", [&] {
    const hilum_commitment_request given = read_struct(request, "request");
    dicom_server(plugin_of(host))
        .answer_commitment({std::string(to_view(given.transaction_uid)),
                            std::string(to_view(given.remote_aet)), std::string(to_view(given.called_aet)),
                            taken(given.items, given.item_count)});
  });
}

int32_t look_up(const hilum_host* host, const hilum_commitment_item* items, uint64_t item_count,
                int32_t (*on_item)(void* context, const hilum_commitment_item* item), void* context) {
  return guarded("hilum.commitment/draft look_up", [&] {
    Plugin& plugin = plugin_of(host);
    required(on_item, "on_item");
    std::vector<dimse::CommitmentItem> list = taken(items, item_count);
    dicom_server(plugin).look_up_commitment(&list);
    for (const hilum_commitment_item& item : handed(list)) {
      if (plugin.inside("on_item", [&] { return on_item(context, &item); }) != 0) {
        return;
      }
    }
  });
}

const hilum_commitment_draft kTable = {&provide, &listen, &answer, &look_up};

}  // namespace

const void* commitment_table() { return &kTable; }

}  // namespace hilum::plugins
