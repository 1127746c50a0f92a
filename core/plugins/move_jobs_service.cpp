// hilum.move_jobs/draft
#include <hilum/draft/move_jobs.h>

#include "core/plugins/convert.h"
#include "core/plugins/dicom_handlers.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

void hand_over(Plugin& plugin, hilum_start_move start, void* context, const dimse::MoveJob& job) {
  const char* what = "the start of a C-MOVE in the background";
  std::vector<hilum_text> resources;
  resources.reserve(job.resources.size());
  for (const std::string& id : job.resources) {
    resources.push_back(to_text(id));
  }
  hilum_move_job given{};
  given.size = sizeof given;
  given.originator_id = job.originator_id;
  given.originator_aet = to_text(job.originator_aet);
  given.called_aet = to_text(job.called_aet);
  given.modality = to_text(job.modality);
  given.destination_aet = to_text(job.destination_aet);
  given.resources = resources.data();
  given.resource_count = resources.size();
  given.instance_count = job.instances;
  const int32_t status = plugin.enter(what, [&] { return start(context, &given); });
  if (status != HILUM_OK) {
    plugin.throw_status(what, status);
  }
}

int32_t provide(const hilum_host* host, hilum_start_move start, void* context) {
  return guarded("hilum.move_jobs/draft provide", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.move_jobs/draft provide");
    required(start, "start");
    add_handler(plugin, &dimse::Handlers::move_jobs, [start, context](std::shared_ptr<Plugin> self) {
      return [self = std::move(self), start, context](const dimse::MoveJob& job) {
        hand_over(*self, start, context, job);
      };
    });
  });
}

const hilum_move_jobs_draft kTable = {&provide};

}  // namespace

const void* move_jobs_table() { return &kTable; }

}  // namespace hilum::plugins
