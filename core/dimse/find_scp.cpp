#include "core/dimse/find_scp.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/dicom/parse.h>

#include "core/dimse/find_answer.h"
#include "core/dimse/query_filters.h"

namespace hilum::dimse {
namespace {

Response response_of(const Command& command, uint16_t status, std::string_view comment) {
  return {kFindRequest, command.message_id, status, command.sop_class, {}, comment};
}

}  // namespace

struct FindScp::Request {
  const Command& command;
  uint8_t context;
  const Peer& peer;
  dicom::Encoding default_encoding;
  const std::string& transfer_syntax;
};

FindOutcome FindScp::serve(Link& link, uint8_t context, const Command& command, const Peer& peer,
                           const std::string& transfer_syntax, dicom::Encoding default_encoding,
                           std::chrono::milliseconds timeout) const {
  FindOutcome outcome;
  std::string identifier;
  if (command.has_data_set) {
    identifier = receive_identifier(link, context, timeout, &outcome);
  }
  if (outcome.received == Receive::kOk && outcome.status == 0) {
    catch_failure(&outcome, [&] {
      answer(link, Request{command, context, peer, default_encoding, transfer_syntax}, identifier, &outcome);
    });
  }
  if (outcome.received == Receive::kOk && outcome.response_sent) {
    outcome.response_sent = link.send(context, response_of(command, outcome.status, outcome.comment));
  }
  return outcome;
}

void FindScp::answer(Link& link, const Request& request, const std::string& identifier,
                     FindOutcome* outcome) const {
  const FindRules rules{ingest_.options().main_tags,     options_.aet,
                        request.default_encoding,        options_.case_sensitive_pn,
                        options_.storage_access_on_find, options_.default_private_creator};
  const dicom::ParsedInstance parsed = dicom::parse_data_set(
      dicom::ByteSource(identifier.data(), identifier.size()), request.transfer_syntax, {true});
  filter_query(handlers_, QueryKind::kFind, request.peer, request.default_encoding, parsed);
  const FindQuery query = parse_find_query(parsed.data_set(), rules);
  if (query.is_impossible) {
    return;
  }
  const index::Snapshot snapshot = ingest_.snapshot();
  index::Query search;
  search.level = query.level;
  search.constraints = query.constraints;
  search.with_doubtful = options_.storage_access_on_find == StorageAccess::kAlways;
  search.go_on = [&] {
    return is_still_wanted(link, request.command.message_id, outcome);
  };  // while nothing matches
  index::find(snapshot, search, [&](const index::Found& found) {
    return send_match(link, request, query, rules, snapshot, found, outcome);
  });
}

// False ends the search.
bool FindScp::send_match(Link& link, const Request& request, const FindQuery& query, const FindRules& rules,
                         const index::Snapshot& snapshot, const index::Found& found,
                         FindOutcome* outcome) const {
  // Also for matches that the files do not confirm: they take the longest.
  if (!is_still_wanted(link, request.command.message_id, outcome)) {
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
                                     encode_data_set(*data, request.transfer_syntax));
  ++outcome->answers;
  return outcome->response_sent;
}

}  // namespace hilum::dimse
