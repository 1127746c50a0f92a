// hilum.worklists/draft
#include <hilum/draft/worklists.h>

#include "core/plugins/convert.h"
#include "core/plugins/dicom_handlers.h"
#include "core/plugins/services.h"

// On the stack of the thread that serves the query.
struct hilum_worklist_answers {
  hilum::dimse::WorklistAnswers& answers;
};

namespace hilum::plugins {

namespace {

void ask(Plugin& plugin, const hilum_worklist_provider& provider, const dimse::Peer& peer,
         std::string_view identifier, dimse::WorklistAnswers& answers) {
  const char* what = "a worklist provider";
  hilum_worklist_query query{};
  query.size = sizeof query;
  query.identifier = identifier.data();
  query.identifier_size = identifier.size();
  query.remote_aet = to_text(peer.calling_aet);
  query.called_aet = to_text(peer.called_aet);
  query.remote_ip = to_text(peer.address);
  hilum_worklist_answers handle{answers};
  const int32_t status = plugin.enter(what, [&] { return provider.find(provider.context, &query, &handle); });
  if (status != HILUM_OK) {
    plugin.throw_status(what, status);
  }
}

int32_t provide(const hilum_host* host, const hilum_worklist_provider* provider) {
  return guarded("hilum.worklists/draft provide", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.worklists/draft provide");
    const hilum_worklist_provider given = read_struct(provider, "provider");
    required(given.find, "provider->find");
    add_handler(plugin, &dimse::Handlers::worklists, [given](std::shared_ptr<Plugin> self) {
      return [self = std::move(self), given](const dimse::Peer& peer, std::string_view identifier,
                                             dimse::WorklistAnswers& answers) {
        ask(*self, given, peer, identifier, answers);
      };
    });
  });
}

int32_t answer(hilum_worklist_answers* answers, const void* data_set, uint64_t size) {
  return guarded("hilum.worklists/draft answer", [&] {
    const auto* bytes = &required(static_cast<const char*>(data_set), "data_set");
    if (!required(answers, "answers").answers.add({bytes, static_cast<size_t>(size)})) {
      throw Error(HILUM_E_CANCELED_JOB, "nobody waits for more answers");
    }
  });
}

int32_t set_incomplete(hilum_worklist_answers* answers) {
  return guarded("hilum.worklists/draft set_incomplete",
                 [&] { required(answers, "answers").answers.set_incomplete(); });
}

int32_t is_wanted(hilum_worklist_answers* answers) {
  bool wanted = false;
  guarded("hilum.worklists/draft is_wanted",
          [&] { wanted = required(answers, "answers").answers.is_wanted(); });
  return wanted ? 1 : 0;
}

const hilum_worklists_draft kTable = {&provide, &answer, &set_incomplete, &is_wanted};

}  // namespace

const void* worklists_table() { return &kTable; }

}  // namespace hilum::plugins
