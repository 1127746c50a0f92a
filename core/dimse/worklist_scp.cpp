#include "core/dimse/worklist_scp.h"

#include <dcmtk/dcmdata/dctk.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/transfer_syntax.h>

#include "core/dimse/query_filters.h"
#include "core/dimse/request_io.h"

namespace hilum::dimse {
namespace {

const std::string& explicit_little_endian() {
  static const std::string uid(dicom::kExplicitLittleEndian);
  return uid;
}

dicom::ParsedInstance parse(std::string_view bytes, const std::string& transfer_syntax) {
  return dicom::parse_data_set(dicom::ByteSource(bytes.data(), bytes.size()), transfer_syntax, {true});
}

Response response_of(const Command& command, uint16_t status, std::string_view comment) {
  return {kFindRequest, command.message_id, status, command.sop_class, {}, comment};
}

// Answers over the association of the query.
class LinkAnswers : public WorklistAnswers {
 public:
  LinkAnswers(Link& link, uint8_t context, const Command& command, const std::string& transfer_syntax,
              FindOutcome* outcome)
      : link_(link),
        context_(context),
        command_(command),
        transfer_syntax_(transfer_syntax),
        outcome_(outcome) {}

  bool add(std::string_view data_set) override {
    const dicom::ParsedInstance answer = parse(data_set, explicit_little_endian());
    if (!is_wanted()) {
      return false;
    }
    outcome_->response_sent = link_.send(context_, response_of(command_, kPending, {}),
                                         encode_data_set(answer.data_set(), transfer_syntax_));
    ++outcome_->answers;
    return outcome_->response_sent;
  }
  void set_incomplete() override { is_incomplete_ = true; }
  bool is_wanted() override {
    return outcome_->received == Receive::kOk && outcome_->response_sent && !outcome_->is_cancelled &&
           is_still_wanted(link_, command_.message_id, outcome_);
  }
  bool is_incomplete() const { return is_incomplete_; }

 private:
  Link& link_;
  const uint8_t context_;
  const Command& command_;
  const std::string& transfer_syntax_;
  FindOutcome* const outcome_;
  bool is_incomplete_ = false;
};

}  // namespace

FindOutcome WorklistScp::serve(Link& link, uint8_t context, const Command& command, const Peer& peer,
                               const std::string& transfer_syntax, dicom::Encoding default_encoding,
                               std::chrono::milliseconds timeout) const {
  FindOutcome outcome;
  std::string identifier;
  if (command.has_data_set) {
    identifier = receive_identifier(link, context, timeout, &outcome);
  }
  if (outcome.received == Receive::kOk && outcome.status == 0) {
    catch_failure(&outcome, [&] {
      const dicom::ParsedInstance query = parse(identifier, transfer_syntax);
      filter_query(handlers_, QueryKind::kWorklist, peer, default_encoding, query);
      const std::string bytes = encode_data_set(query.data_set(), explicit_little_endian());
      LinkAnswers answers(link, context, command, transfer_syntax, &outcome);
      for (const auto& provider : handlers_.worklists.all()) {
        if (!answers.is_wanted()) {
          return;
        }
        (*provider)(peer, bytes, answers);
      }
      if (answers.is_incomplete() && outcome.status == 0) {
        outcome.status = kCancelled;
        outcome.comment = "there are more matches than the limit";
      }
    });
  }
  if (outcome.received == Receive::kOk && outcome.response_sent) {
    outcome.response_sent = link.send(context, response_of(command, outcome.status, outcome.comment));
  }
  return outcome;
}

}  // namespace hilum::dimse
