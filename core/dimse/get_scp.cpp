#include "core/dimse/get_scp.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/base/log.h"
#include "core/dimse/retrieve_lookup.h"
#include "core/dimse/scu/scu.h"
#include "core/dimse/store_scp.h"

namespace hilum::dimse {
namespace {

constexpr std::string_view kPlainSyntaxes[] = {dicom::kImplicitLittleEndian, dicom::kExplicitLittleEndian,
                                               dicom::kExplicitBigEndian};

bool is_plain(std::string_view transfer_syntax) {
  return std::find(std::begin(kPlainSyntaxes), std::end(kPlainSyntaxes), transfer_syntax) !=
         std::end(kPlainSyntaxes);
}

// Coercion and the like (PS3.4 section GG.4.2): the instance has arrived.
bool is_store_warning(uint16_t status) { return (status & 0xf000) == 0xb000 || status == 0x0111; }

}  // namespace

void RetrieveOutcome::fail(const std::string& sop_instance) {
  constexpr size_t kMost = 1000;  // of 65 characters each, what a value of UI holds in explicit VR
  ++counters.failed;
  if (!sop_instance.empty() && failed_instances.size() < kMost) {
    failed_instances.push_back(sop_instance);
  }
}

std::string failed_list(const RetrieveOutcome& outcome, const std::string& transfer_syntax) {
  if (outcome.failed_instances.empty()) {
    return {};
  }
  std::string list;
  for (const std::string& uid : outcome.failed_instances) {
    list += (list.empty() ? "" : "\\") + uid;
  }
  DcmDataset data_set;
  data_set.putAndInsertString(DCM_FailedSOPInstanceUIDList, list.c_str());
  return encode_data_set(data_set, transfer_syntax);
}

void conclude(RetrieveOutcome* outcome) {
  const SubOperations& done = outcome->counters;
  if (outcome->status == 0 && done.failed > 0) {
    outcome->status = done.completed + done.warning == 0 ? kSubOperationsFailed : kSubOperationsWarning;
  } else if (outcome->status == 0 && done.warning > 0) {
    outcome->status = kSubOperationsWarning;
  }
  outcome->counters.has_remaining = outcome->status == kCancelled;
}

const StorageContext* choose_context(const std::vector<StorageContext>& contexts,
                                     const std::string& sop_class, const std::string& transfer_syntax,
                                     bool may_transcode) {
  const auto find = [&](auto&& fits) -> const StorageContext* {
    const auto found = std::find_if(contexts.begin(), contexts.end(), [&](const StorageContext& context) {
      return context.sop_class == sop_class && fits(context);
    });
    return found == contexts.end() ? nullptr : &*found;
  };
  if (const auto* same =
          find([&](const StorageContext& context) { return context.transfer_syntax == transfer_syntax; })) {
    return same;
  }
  if (!may_transcode) {
    return nullptr;
  }
  for (const std::string_view plain : kPlainSyntaxes) {
    if (const auto* found =
            find([&](const StorageContext& context) { return context.transfer_syntax == plain; })) {
      return found;
    }
  }
  return is_plain(transfer_syntax) ? find([](const StorageContext&) { return true; }) : nullptr;
}

// An instance ready to be sent, or why there is none.
struct GetScp::Prepared {
  std::unique_ptr<OutgoingInstance> instance;
  const StorageContext* context = nullptr;
  std::string sop_instance;  // as far as it is known
  std::string why;
};

GetScp::Prepared GetScp::prepare(index::ResourceId id, const GetRequest& request) const {
  Prepared prepared;
  try {
    const std::optional<index::Resource> resource = ingest_.snapshot().get(id);
    prepared.instance = resource ? OutgoingInstance::open(ingest_, *resource) : nullptr;
    if (!prepared.instance) {
      prepared.why = "the instance was deleted meanwhile";
      return prepared;
    }
    OutgoingInstance& instance = *prepared.instance;
    prepared.sop_instance = instance.sop_instance();
    prepared.context = choose_context(request.storage, instance.sop_class(), instance.transfer_syntax(),
                                      request.may_transcode);
    if (prepared.context == nullptr) {
      prepared.why = "no presentation context for SOP class " + instance.sop_class() +
                     " and transfer syntax " + instance.transfer_syntax();
    } else if (prepared.context->transfer_syntax != instance.transfer_syntax()) {
      const dicom::FrameCodecs* codecs = handlers_.scu == nullptr ? nullptr : handlers_.scu->codecs();
      if (codecs == nullptr) {
        throw Error(HILUM_E_NOT_IMPLEMENTED, "there are no codecs");
      }
      instance.transcode(prepared.context->transfer_syntax, *codecs, handlers_.scu->options().lossy_quality);
    }
  } catch (const std::exception& error) {
    prepared.why = error.what();
  }
  return prepared;
}

RetrieveOutcome GetScp::serve(Link& link, const GetRequest& request) const {
  RetrieveOutcome outcome;
  std::string identifier;
  if (request.command.has_data_set) {
    identifier = receive_identifier(link, request.context, request.timeout, &outcome);
  }
  if (outcome.received == Receive::kOk && outcome.status == 0) {
    catch_failure(&outcome, [&] { send_all(link, request, identifier, &outcome); });
  }
  if (outcome.received != Receive::kOk || !outcome.response_sent) {
    return outcome;
  }
  conclude(&outcome);
  const std::string failures = failed_list(outcome, request.transfer_syntax);
  const Response response{
      kGetRequest,     request.command.message_id, outcome.status, request.command.sop_class, {},
      outcome.comment, &outcome.counters};
  outcome.response_sent = link.send(
      request.context, response, failures.empty() ? std::nullopt : std::optional<std::string_view>(failures));
  return outcome;
}

void GetScp::send_all(Link& link, const GetRequest& request, const std::string& identifier,
                      RetrieveOutcome* outcome) const {
  std::vector<InstanceReference> instances;
  {
    const dicom::ParsedInstance parsed = dicom::parse_data_set(
        dicom::ByteSource(identifier.data(), identifier.size()), request.transfer_syntax, {true});
    const index::Snapshot snapshot = ingest_.snapshot();
    const auto go_on = [&] { return is_still_wanted(link, request.command.message_id, outcome); };
    instances = instances_of(
        look_up_resources(parsed.data_set(), snapshot, {request.default_encoding, true, true}, go_on),
        snapshot);
  }
  outcome->counters.remaining = instances.size();
  uint16_t message_id = request.command.message_id;
  Prepared next;
  for (size_t i = 0; i < instances.size(); ++i) {
    if (!is_still_wanted(link, request.command.message_id, outcome)) {
      return;
    }
    const Prepared current = i == 0 ? prepare(instances[0].id, request) : std::move(next);
    uint16_t status = kUnableToProcess;
    std::string why = current.why;
    if (why.empty()) {
      const Request store{kStoreRequest, ++message_id, current.instance->sop_class(),
                          current.instance->sop_instance()};
      const dicom::ByteSource data_set = current.instance->data_set();
      try {
        if (!link.send(current.context->id, store, &data_set)) {
          link.abort();  // in the middle of a message
          outcome->received = Receive::kClosed;
          return;
        }
        outcome->bytes_sent += data_set.size();
      } catch (const Error& error) {  // nothing has been sent
        why = error.what();
      }
    }
    if (i + 1 < instances.size()) {
      next = prepare(instances[i + 1].id, request);  // while the peer works
    }
    if (why.empty() && !wait_for_response(link, request, message_id, &status, outcome)) {
      return;
    }
    --outcome->counters.remaining;
    if (status == 0) {
      ++outcome->counters.completed;
    } else if (why.empty() && is_store_warning(status)) {
      ++outcome->counters.warning;
    } else {
      log_warning(LogCategory::kDicom, "C-GET cannot send instance {}: {}", current.sop_instance,
                  why.empty() ? fmt::format("status 0x{:04x}", status) : why);
      outcome->fail(current.sop_instance);
    }
    if (outcome->is_cancelled) {
      return;
    }
    // Also after the last one, unlike a C-MOVE: so does the reference server.
    const Response pending{kGetRequest, request.command.message_id, kPending, request.command.sop_class, {},
                           {},          &outcome->counters};
    outcome->response_sent = link.send(request.context, pending);
    if (!outcome->response_sent) {
      return;
    }
  }
}

bool GetScp::wait_for_response(Link& link, const GetRequest& request, uint16_t message_id, uint16_t* status,
                               RetrieveOutcome* outcome) const {
  for (;;) {
    std::string bytes;
    uint8_t context = 0;
    outcome->received = receive_rest_of_command(link, request.timeout, &bytes, &context);
    if (outcome->received != Receive::kOk) {
      return false;
    }
    const std::optional<Command> command = parse_command(bytes);
    if (command && command->field == kCancelRequest) {
      // Counted once the sub-operation that runs is over.
      if (command->responded_message_id == request.command.message_id) {
        outcome->is_cancelled = true;
        outcome->status = kCancelled;
      }
      continue;
    }
    if (!command || command->field != kStoreResponse || command->responded_message_id != message_id) {
      outcome->received = Receive::kViolation;
      return false;
    }
    if (command->has_data_set) {
      outcome->received = drain(link, context, request.timeout);
      if (outcome->received != Receive::kOk) {
        return false;
      }
    }
    *status = command->status;
    return true;
  }
}

}  // namespace hilum::dimse
