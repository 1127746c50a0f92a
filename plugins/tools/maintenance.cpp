// What operators do to the whole server: reset, shutdown, reconstruct, invalidate-tags.
#include <hilum/cpp/ingest.h>
#include <hilum/rest/reconstruct_options.h>

#include "tools.h"

namespace hilum::tools {

namespace {

// Where others keep their summary of an instance's tags. Hilum writes none, but removes those that are there.
constexpr int32_t kDicomAsJson = 2;
constexpr size_t kIdSize = 44;

class Maintenance {
 public:
  Maintenance(const rest::Services& services, const hilum_server_draft& server)
      : services_(services), server_(server), ingest_(services.host) {}

  void stop(bool restart, Answer& answer) const {
    answer.json("{}");
    host().check(server_.stop(host().get(), restart ? 1 : 0));
  }

  void reconstruct(const Request& request, Answer& answer) const {
    const rest::ReconstructOptions options = rest::reconstruct_options(request);
    for_each_study([&](const std::string& id) {
      try {
        ingest_.reconstruct(id, options.files, options.only_own_level);
      } catch (const Error& error) {
        if (error.code() != HILUM_E_UNKNOWN_RESOURCE) throw;  // deleted meanwhile
      }
    });
    answer.empty();
  }

  void invalidate_tags(Answer& answer) const {
    for_each_study([&](const std::string& study) {
      for (const std::string& instance : instances_with_summary(study)) {
        give_up_if_stopping(host(), server_);
        remove_summary(instance);
      }
    });
    answer.empty();
  }

 private:
  Host host() const { return services_.host; }

  // One study after the other. The ids are noted before the first: a snapshot that stays open through all of it
  // would hold back the space of what is rewritten. They take 44 MB per million of studies.
  template <typename Function>
  void for_each_study(Function&& work) const {
    std::string ids;
    services_.index.snapshot().list(HILUM_STUDY, 0, UINT64_MAX, [&](std::string_view id) { ids += id; });
    for (size_t offset = 0; offset < ids.size(); offset += kIdSize) {
      give_up_if_stopping(host(), server_);
      work(ids.substr(offset, kIdSize));
    }
  }

  std::vector<std::string> instances_with_summary(const std::string& study) const {
    std::vector<std::string> found;
    const Snapshot snapshot = services_.index.snapshot();
    const std::optional<Resource> resource = snapshot.find(study, HILUM_STUDY);
    if (!resource) return found;  // deleted meanwhile
    resource->descendants(HILUM_INSTANCE, [&](std::string_view id) {
      give_up_if_stopping(host(), server_);
      const std::optional<Resource> instance = snapshot.find(id, HILUM_INSTANCE);
      if (!instance) return;
      instance->attachments([&](const hilum_attachment& attachment) {
        if (attachment.type == kDicomAsJson) found.emplace_back(id);
      });
    });
    return found;
  }

  void remove_summary(std::string_view id) const {
    try {
      services_.attachments.remove(id, kDicomAsJson, nullptr);
    } catch (const Error& error) {
      if (error.code() != HILUM_E_UNKNOWN_RESOURCE) throw;  // deleted meanwhile
    }
  }

  const rest::Services& services_;
  const hilum_server_draft& server_;
  const Ingest ingest_;
};

}  // namespace

void give_up_if_stopping(Host host, const hilum_server_draft& server) {
  if (server.is_stopping(host.get())) throw Error(HILUM_E_UNAVAILABLE, "the server is stopping");
}

void add_maintenance_routes(Routes& routes, const rest::Services& services,
                            const hilum_server_draft& server) {
  const Maintenance maintenance(services, server);
  const auto add = [&](const char* path, const char* summary, hilum_answer_kind answer,
                       std::vector<RouteArgument> arguments, Handler handler) {
    routes.add({HILUM_POST, path, summary, answer, HILUM_PERMISSION_ADMINISTER, std::move(arguments)},
               std::move(handler));
  };
  add("/tools/reset", "Starts the server again in the same process, with its configuration read anew",
      HILUM_ANSWER_JSON, {}, [maintenance](Request&, Answer& answer) { maintenance.stop(true, answer); });
  add("/tools/shutdown", "Ends the server", HILUM_ANSWER_JSON, {},
      [maintenance](Request&, Answer& answer) { maintenance.stop(false, answer); });
  add("/tools/reconstruct", "Reads the main tags of everything again from the files", HILUM_ANSWER_EMPTY,
      rest::reconstruct_arguments(),
      [maintenance](Request& request, Answer& answer) { maintenance.reconstruct(request, answer); });
  add("/tools/invalidate-tags", "Removes the summaries of tags that lie beside the instances",
      HILUM_ANSWER_EMPTY, {},
      [maintenance](Request&, Answer& answer) { maintenance.invalidate_tags(answer); });
}

}  // namespace hilum::tools
