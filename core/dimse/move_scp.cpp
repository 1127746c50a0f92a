#include "core/dimse/move_scp.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/parse.h>

#include <algorithm>
#include <atomic>

#include "core/base/log.h"
#include "core/dimse/scu/scu.h"
#include "core/index/query.h"

namespace hilum::dimse {
namespace {

// The destination is any modality that is known; the request names its title.
const Modality& destination_of(const MoveRequest& request, const ServerOptions& options) {
  const auto found =
      std::find_if(request.modalities.begin(), request.modalities.end(), [&](const Modality& one) {
        return same_aet(one.aet, request.command.move_destination, options.strict_aet);
      });
  if (request.command.move_destination.empty() || found == request.modalities.end()) {
    throw Error(HILUM_E_INEXISTENT_ITEM, "the destination \"" + request.command.move_destination +
                                             "\" is not among the known modalities");
  }
  return *found;
}

// One sub-operation less to do. False if the connection is lost.
bool report_progress(Link& link, const MoveRequest& request, RetrieveOutcome* outcome) {
  if (outcome->counters.remaining > 0) {
    const Response pending{kMoveRequest, request.command.message_id, kPending, request.command.sop_class, {},
                           {},           &outcome->counters};
    outcome->response_sent = link.send(request.context, pending);
  }
  return outcome->response_sent;
}

}  // namespace

struct MoveScp::Plan {
  const Modality& destination;
  std::vector<RetrievedResource> resources;
  std::vector<InstanceReference> instances;
};

RetrieveOutcome MoveScp::serve(Link& link, const MoveRequest& request) const {
  RetrieveOutcome outcome;
  std::string identifier;
  if (request.command.has_data_set) {
    identifier = receive_identifier(link, request.context, request.timeout, &outcome);
  }
  if (outcome.received == Receive::kOk && outcome.status == 0) {
    catch_failure(&outcome, [&] { move(link, request, identifier, &outcome); });
  }
  if (outcome.received != Receive::kOk || !outcome.response_sent) {
    return outcome;
  }
  conclude(&outcome);
  const std::string failures = failed_list(outcome, request.transfer_syntax);
  const Response response{
      kMoveRequest,    request.command.message_id, outcome.status, request.command.sop_class, {},
      outcome.comment, &outcome.counters};
  outcome.response_sent = link.send(
      request.context, response, failures.empty() ? std::nullopt : std::optional<std::string_view>(failures));
  return outcome;
}

void MoveScp::move(Link& link, const MoveRequest& request, const std::string& identifier,
                   RetrieveOutcome* outcome) const {
  const Plan planned = plan(link, request, identifier, outcome);
  outcome->counters.remaining = planned.instances.size();
  if (outcome->received != Receive::kOk || outcome->is_cancelled) {
    return;  // the plan may not be complete
  }
  if (options_.synchronous_move || !hand_over(link, request, planned, outcome)) {
    send_all(link, request, planned, outcome);
  }
}

MoveScp::Plan MoveScp::plan(Link& link, const MoveRequest& request, const std::string& identifier,
                            RetrieveOutcome* outcome) const {
  const dicom::ParsedInstance parsed = dicom::parse_data_set(
      dicom::ByteSource(identifier.data(), identifier.size()), request.transfer_syntax, {true});
  Plan plan{destination_of(request, options_), {}, {}};
  const index::Snapshot snapshot = ingest_.snapshot();
  plan.resources =
      look_up_resources(parsed.data_set(), snapshot, {request.default_encoding, false, false},
                        [&] { return is_still_wanted(link, request.command.message_id, outcome); });
  plan.instances = instances_of(plan.resources, snapshot);
  return plan;
}

bool MoveScp::hand_over(Link& link, const MoveRequest& request, const Plan& plan,
                        RetrieveOutcome* outcome) const {
  const auto start = handlers_.move_jobs.last();
  if (!start) {
    static std::atomic<bool> is_told{false};
    if (!is_told.exchange(true)) {
      log_warning(
          LogCategory::kDicom,
          "SynchronousCMove is false, but no plugin runs such jobs: instances are sent while the client waits");
    }
    return false;
  }
  MoveJob job{request.command.message_id, request.peer.calling_aet,         request.peer.called_aet,
              plan.destination.name,      request.command.move_destination, {},
              plan.instances.size()};
  for (const RetrievedResource& resource : plan.resources) {
    job.resources.push_back(resource.public_id.to_string());
  }
  (*start)(job);
  // By tradition all sub-operations are reported at once, before they have begun.
  while (outcome->counters.remaining > 0) {
    --outcome->counters.remaining;
    ++outcome->counters.completed;
    if (!report_progress(link, request, outcome)) {
      break;
    }
  }
  return true;
}

void MoveScp::send_all(Link& link, const MoveRequest& request, const Plan& plan,
                       RetrieveOutcome* outcome) const {
  Scu* scu = handlers_.scu;
  if (scu == nullptr) {
    throw Error(HILUM_E_UNAVAILABLE, "this process sends nothing");
  }
  const auto is_wanted = [&] {
    return outcome->received == Receive::kOk && !outcome->is_cancelled &&
           is_still_wanted(link, request.command.message_id, outcome);
  };
  Target target = make_target(plan.destination, scu->options());
  target.still_wanted = is_wanted;
  const std::unique_ptr<Sender> sender = scu->open_sender(
      std::move(target), {false, request.peer.calling_aet, request.command.message_id, true});
  std::vector<index::PublicId> announced;
  announced.reserve(plan.instances.size());
  for (const InstanceReference& instance : plan.instances) {
    announced.push_back(instance.public_id);
  }
  sender->announce(announced);
  for (const InstanceReference& instance : plan.instances) {
    if (!is_wanted()) {
      return;
    }
    Sent sent;
    try {
      sender->send(instance.public_id, &sent);
      outcome->bytes_sent += sent.bytes;
      ++outcome->counters.completed;
    } catch (const ConnectionError& error) {
      if (!is_wanted()) {
        return;
      }
      // Without the destination there is nothing to go on with.
      outcome->counters.failed += outcome->counters.remaining - 1;
      fail(instance, error.details(), outcome);
      throw;
    } catch (const Error& error) {
      if (!is_wanted()) {
        return;
      }
      fail(instance, error.details().empty() ? error.message() : error.details(), outcome);
    }
    --outcome->counters.remaining;
    if (!report_progress(link, request, outcome)) {
      return;
    }
  }
}

void MoveScp::fail(const InstanceReference& instance, const std::string& why,
                   RetrieveOutcome* outcome) const {
  log_warning(LogCategory::kDicom, "C-MOVE cannot send instance {}: {}", instance.public_id.to_string(), why);
  const std::optional<index::Resource> resource = ingest_.snapshot().get(instance.id);
  const dicom::TagValue* uid =
      resource ? index::find_tag_value(resource->tags, dicom::kSopInstanceUid) : nullptr;
  outcome->fail(uid == nullptr ? std::string() : uid->value);
}

}  // namespace hilum::dimse
