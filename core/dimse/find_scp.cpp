#include "core/dimse/find_scp.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/parse.h>

#include "core/dimse/find_answer.h"
#include "core/dimse/store_scp.h"

namespace hilum::dimse {
namespace {

constexpr uint16_t kPending = 0xff00;
constexpr uint16_t kCancelled = 0xfe00;
constexpr uint16_t kUnableToProcess = 0xc000;
constexpr uint16_t kOutOfResources = 0xa700;
// Of an identifier: a list of some 100,000 UIDs.
constexpr size_t kMaximumIdentifier = 8u << 20;

// The bytes of an answer in the transfer syntax of its context, which none of C-FIND's compresses.
std::string encode(DcmDataset& data_set, const std::string& transfer_syntax) {
  const E_TransferSyntax syntax = DcmXfer(transfer_syntax.c_str()).getXfer();
  std::string bytes(data_set.calcElementLength(syntax, EET_UndefinedLength), '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  data_set.transferInit();
  const OFCondition written = data_set.write(stream, syntax, EET_UndefinedLength, nullptr);
  data_set.transferEnd();
  if (written.bad()) {
    throw Error(HILUM_E_INTERNAL, std::string("an answer cannot be encoded: ") + written.text());
  }
  void* begin = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(begin, length);
  bytes.resize(static_cast<size_t>(length));
  return bytes;
}

Response response_of(const Command& command, uint16_t status, std::string_view comment) {
  return {kFindRequest, command.message_id, status, command.sop_class, {}, comment};
}

// The identifier's bytes; empty with a status in `outcome` if they are too many.
std::string receive_identifier(Link& link, uint8_t context, std::chrono::milliseconds timeout,
                               FindOutcome* outcome) {
  std::string bytes;
  Pdv pdv;
  do {
    outcome->received = link.next(&pdv, timeout, false);
    if (outcome->received == Receive::kOk && (pdv.is_command || pdv.context != context)) {
      outcome->received = Receive::kViolation;
    }
    if (outcome->received != Receive::kOk) {
      return {};
    }
    if (bytes.size() + pdv.data.size() > kMaximumIdentifier) {
      outcome->status = kOutOfResources;
      outcome->comment = "identifier is too long";
    } else {
      bytes.append(pdv.data);
    }
  } while (!pdv.is_last);
  return bytes;
}

// Looks at what the peer has sent meanwhile: C-CANCEL of this request, or the end of the association.
// Anything else is a violation, for one command is served at a time.
void look_for_cancel(Link& link, uint16_t message_id, FindOutcome* outcome) {
  if (!link.is_readable()) {
    return;
  }
  std::string bytes;
  Pdv pdv;
  do {
    outcome->received = link.next(&pdv, std::chrono::seconds(10), false);
    if (outcome->received != Receive::kOk) {
      return;
    }
    bytes.append(pdv.data);
    if (!pdv.is_command || bytes.size() > kMaximumCommandSize) {
      outcome->received = Receive::kViolation;
      return;
    }
  } while (!pdv.is_last);
  const std::optional<Command> command = parse_command(bytes);
  if (!command || command->field != kCancelRequest) {
    outcome->received = Receive::kViolation;
    return;
  }
  outcome->is_cancelled = command->responded_message_id == message_id;
}

}  // namespace

struct FindScp::Request {
  const Command& command;
  uint8_t context;
  dicom::Encoding default_encoding;
  const std::string& transfer_syntax;
};

FindOutcome FindScp::serve(Link& link, uint8_t context, const Command& command,
                           const std::string& transfer_syntax, dicom::Encoding default_encoding,
                           std::chrono::milliseconds timeout) const {
  FindOutcome outcome;
  std::string identifier;
  if (command.has_data_set) {
    identifier = receive_identifier(link, context, timeout, &outcome);
  }
  if (outcome.received == Receive::kOk && outcome.status == 0) {
    try {
      answer(link, Request{command, context, default_encoding, transfer_syntax}, identifier, &outcome);
    } catch (const Error& error) {
      outcome.status = kUnableToProcess;
      outcome.comment = error.details().empty() ? error.message() : error.details();
    } catch (const std::exception& error) {
      outcome.status = kUnableToProcess;
      outcome.comment = error.what();
    }
  }
  if (outcome.received == Receive::kOk && outcome.response_sent) {
    outcome.response_sent = link.send(context, response_of(command, outcome.status, outcome.comment));
  }
  return outcome;
}

void FindScp::answer(Link& link, const Request& request, const std::string& identifier,
                     FindOutcome* outcome) const {
  const FindRules rules{ingest_.options().main_tags, options_.aet, request.default_encoding,
                        options_.case_sensitive_pn, options_.storage_access_on_find};
  const dicom::ParsedInstance parsed = dicom::parse_data_set(
      dicom::ByteSource(identifier.data(), identifier.size()), request.transfer_syntax, {true});
  const FindQuery query = parse_find_query(parsed.data_set(), rules);
  if (query.is_impossible) {
    return;
  }
  const index::Snapshot snapshot = ingest_.snapshot();
  index::Query search;
  search.level = query.level;
  search.constraints = query.constraints;
  search.with_doubtful = options_.storage_access_on_find == StorageAccess::kAlways;
  search.go_on = [&] { return is_wanted(link, request, outcome); };  // while nothing matches
  index::find(snapshot, search, [&](const index::Found& found) {
    return send_match(link, request, query, rules, snapshot, found, outcome);
  });
}

bool FindScp::is_wanted(Link& link, const Request& request, FindOutcome* outcome) {
  look_for_cancel(link, request.command.message_id, outcome);
  if (outcome->is_cancelled) {
    outcome->status = kCancelled;
  }
  return outcome->received == Receive::kOk && !outcome->is_cancelled;
}

// False ends the search.
bool FindScp::send_match(Link& link, const Request& request, const FindQuery& query, const FindRules& rules,
                         const index::Snapshot& snapshot, const index::Found& found,
                         FindOutcome* outcome) const {
  // Also for matches that the files do not confirm: they take the longest.
  if (!is_wanted(link, request, outcome)) {
    return false;
  }
  Sample sample(snapshot, ingest_, found);
  if (!file_matches(query.file_constraints, rules, sample) ||
      (found.is_doubtful() && !file_matches(query.added_constraints, rules, sample))) {
    return true;
  }
  const size_t limit =
      query.level == index::Level::kInstance ? options_.limit_find_instances : options_.limit_find_results;
  if (limit != 0 && outcome->answers == limit) {
    outcome->status = kCancelled;
    outcome->comment = "there are more matches than the server's limit";
    return false;
  }
  const std::unique_ptr<DcmDataset> data = find_answer(query, rules, snapshot, found, sample);
  outcome->response_sent = link.send(request.context, response_of(request.command, kPending, {}),
                                     encode(*data, request.transfer_syntax));
  ++outcome->answers;
  return outcome->response_sent;
}

}  // namespace hilum::dimse
