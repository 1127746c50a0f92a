#include "core/dimse/conformance.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <fmt/format.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/version.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/dimse/negotiation.h"
#include "core/dimse/server.h"
#include "core/dimse/transfer_syntaxes.h"

namespace hilum::dimse {
namespace {

// What is no storage class, and may be offered: the rules say which are.
constexpr const char* kOtherClasses[] = {
    UID_VerificationSOPClass,
    UID_FINDPatientRootQueryRetrieveInformationModel,
    UID_FINDStudyRootQueryRetrieveInformationModel,
    UID_RETIRED_FINDPatientStudyOnlyQueryRetrieveInformationModel,
    UID_FINDModalityWorklistInformationModel,
    UID_MOVEPatientRootQueryRetrieveInformationModel,
    UID_MOVEStudyRootQueryRetrieveInformationModel,
    UID_GETPatientRootQueryRetrieveInformationModel,
    UID_GETStudyRootQueryRetrieveInformationModel,
    UID_StorageCommitmentPushModelSOPClass,
};

struct Row {
  std::string name, uid;
};

Row row(const std::string& uid) {
  const char* const name = dcmFindNameOfUID(uid.c_str());
  return {name ? name : "(no name in the dictionary)", uid};
}

class Statement {
 public:
  explicit Statement(const Server& server)
      : server_(server),
        options_(server.options()),
        rules_(options_, server.accepted_transfer_syntaxes(), server.unknown_sop_class_accepted()) {}

  std::string text() {
    const std::string title = "DICOM Conformance Statement of Hilum " HILUM_VERSION;
    const std::string line(title.size(), '=');
    text_ = line + "\n" + title + "\n" + line + "\n";
    add_network();
    add_service("Echo SCP Conformance", "C-ECHO", Service::kVerification);
    add_storage();
    add_service("Find SCP Conformance", "C-FIND", Service::kFind);
    if (server_.has_worklists()) {
      add_service("Worklist SCP Conformance", "C-FIND", Service::kWorklist);
    }
    add_service("Move SCP Conformance", "C-MOVE", Service::kMove);
    add_service("Get SCP Conformance", "C-GET", Service::kGet);
    add_service("Storage Commitment Conformance", "N-ACTION (and, as an SCU, of N-EVENT-REPORT)",
                Service::kCommitment);
    add_scu();
    add_transfer_syntaxes();
    add_notes();
    return std::move(text_);
  }

 private:
  void add_section(const std::string& title) {
    const std::string line(title.size(), '-');
    text_ += "\n\n" + line + "\n" + title + "\n" + line + "\n\n";
  }

  void add_rows(const std::vector<Row>& rows) {
    size_t width = 0;
    for (const Row& one : rows) {
      width = std::max(width, one.name.size());
    }
    for (const Row& one : rows) {
      text_ += fmt::format("  {:<{}} | {}\n", one.name, width, one.uid);
    }
  }

  void add_network() {
    add_section("Network");
    const uint16_t port = server_.port();
    text_ += port == 0
                 ? std::string(
                       "The DICOM server is disabled (DicomServerEnabled): no association is accepted.\n\n")
                 : fmt::format("Associations are accepted on TCP port {}, {} TLS.\n\n", port,
                               options_.tls.is_enabled ? "with" : "without");
    add_rows({{"Application entity title", options_.aet},
              {"Called title", options_.check_called_aet ? "must be the one above" : "any"},
              {"Implementation class UID", std::string(dicom::kImplementationClassUid)},
              {"Implementation version name", std::string(dicom::kImplementationVersionName)},
              {"Application context name", UID_StandardApplicationContext},
              {"Maximum PDU length received", std::to_string(options_.maximum_pdu_length)},
              {"Associations at once", std::to_string(options_.maximum_associations)},
              {"Associations that may wait", std::to_string(options_.maximum_waiting)},
              {"Association request within", fmt::format("{} ms", options_.acse_timeout.count())},
              {"Silence on an association", options_.scp_timeout.count() == 0
                                                ? "no limit between commands"
                                                : fmt::format("{} s", options_.scp_timeout.count())},
              {"Commands of unknown callers", commands_of_unknown_callers()}});
    text_ +=
        "\nA request beyond these limits is rejected (transient, local limit exceeded). There is no\n"
        "asynchronous operations window and no extended negotiation. A user identity is accepted\n"
        "without being checked.\n";
  }

  std::string commands_of_unknown_callers() const {
    std::string commands;
    const auto add = [&](bool allowed, const char* name) {
      if (allowed) {
        commands += (commands.empty() ? "" : ", ") + std::string(name);
      }
    };
    add(options_.always_allow_echo, "C-ECHO");
    add(options_.always_allow_store, "C-STORE");
    add(options_.always_allow_find, "C-FIND");
    add(options_.always_allow_find_worklist, "C-FIND of worklists");
    add(options_.always_allow_get, "C-GET");
    add(options_.always_allow_move, "C-MOVE");
    return commands.empty() ? "none" : commands;
  }

  void add_service(const std::string& title, const std::string& command, Service service) {
    std::vector<Row> rows;
    for (const char* uid : kOtherClasses) {
      const ContextDecision decision = rules_.decide(uid, {UID_LittleEndianImplicitTransferSyntax});
      if (decision.result == 0 && decision.service == service) {
        rows.push_back(row(uid));
      }
    }
    add_section(title);
    text_ += "SOP classes that are supported as an SCP of " + command + ":\n\n";
    add_rows(std::move(rows));
  }

  void add_storage() {
    add_section("Store SCP Conformance");
    std::vector<Row> rows;
    for (const std::string& uid : rules_.storage_classes()) {
      rows.push_back(row(uid));
    }
    if (rows.empty() || usable_syntaxes().empty()) {
      text_ += "Storage is switched off: no SOP class or no transfer syntax is accepted.\n";
      return;
    }
    std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.name < b.name; });
    text_ += "SOP classes that are supported as an SCP of C-STORE (level 2, every attribute is kept):\n\n";
    add_rows(std::move(rows));
    text_ += server_.unknown_sop_class_accepted()
                 ? "\nSOP classes that no dictionary names are accepted, too.\n"
                 : "\nOther SOP classes are refused (UnknownSopClassAccepted).\n";
  }

  void add_scu() {
    add_section("SCU Conformance");
    text_ +=
        "Associations are opened for C-ECHO, C-STORE of every SOP class that is stored, C-FIND (Patient\n"
        "Root, Study Root, Modality Worklist), C-MOVE and C-GET (Patient Root, Study Root), and for the\n"
        "N-ACTION and N-EVENT-REPORT of storage commitment: to the systems of DicomModalities, when a\n"
        "client of the REST API or the C-MOVE of another system asks for it.\n";
  }

  std::vector<std::string> usable_syntaxes() const {
    std::vector<std::string> usable;
    const auto& classes = rules_.storage_classes();
    for (const std::string& uid : rules_.accepted_transfer_syntaxes()) {
      if (!classes.empty() && rules_.decide(*classes.begin(), {uid}).result == 0) {
        usable.push_back(uid);
      }
    }
    return usable;
  }

  std::vector<Row> plain_syntaxes() const {
    std::vector<Row> rows;
    for (const std::string_view uid : known_transfer_syntaxes()) {
      if (rules_.decide(UID_VerificationSOPClass, {std::string(uid)}).result == 0) {
        rows.push_back(row(std::string(uid)));
      }
    }
    return rows;
  }

  void add_transfer_syntaxes() {
    add_section("Transfer Syntaxes");
    text_ += "For the SOP classes of C-STORE:\n\n";
    std::vector<Row> rows;
    for (const std::string& uid : usable_syntaxes()) {
      rows.push_back(row(uid));
    }
    add_rows(std::move(rows));
    text_ += "\nFor all other SOP classes:\n\n";
    add_rows(plain_syntaxes());
    text_ +=
        "\nOf the transfer syntaxes of a presentation context, the first one that is accepted is taken:\n"
        "the order of the requestor decides. The options AcceptedTransferSyntaxes and\n"
        "*TransferSyntaxAccepted, and PUT /tools/accepted-transfer-syntaxes, change the first list.\n";
  }

  void add_notes() {
    add_section("Implementation notes");
    text_ +=
        "C-STORE answers Success when the instance is stored and, unless the option Durability says\n"
        "otherwise, safe from a loss of power: its bytes as they were sent, in the transfer syntax that\n"
        "was negotiated. An instance that is there already is kept or replaced\n"
        "as the option OverwriteInstances says; both are answered with Success.\n";
    const auto limit = [](size_t count) { return count == 0 ? std::string("none") : std::to_string(count); };
    text_ += fmt::format(
        "C-FIND answers at the levels PATIENT, STUDY, SERIES and IMAGE; keys of the levels above may be\n"
        "given. Limit of answers: {} (patients, studies, series), {} (instances). Answers are written in\n"
        "{}.\n"
        "Data sets that declare no character set are read as {}.\n",
        limit(options_.limit_find_results), limit(options_.limit_find_instances),
        dicom::encoding_name(server_.default_encoding()), dicom::encoding_name(server_.default_encoding()));
    text_ +=
        "C-MOVE and C-GET take lists of the unique keys of one level (at the level of studies also\n"
        "AccessionNumber); keys of the levels above are not needed. The destination of a C-MOVE is a\n"
        "system of DicomModalities. An instance that cannot be sent is counted and named in\n"
        "FailedSOPInstanceUIDList (the first 1000), the others are sent: status B000, or A702 if none\n"
        "could be. C-CANCEL ends both with FE00. An instance is transcoded if the receiver does not take\n"
        "its transfer syntax (TranscodeDicomProtocol, AllowTranscoding).\n"
        "Storage commitment: the result is reported over a new association, once; committed is what is\n"
        "stored once, with the class that the request names.\n";
  }

  const Server& server_;
  const ServerOptions& options_;
  const NegotiationRules rules_;
  std::string text_;
};

}  // namespace

std::string conformance_statement(const Server& server) { return Statement(server).text(); }

}  // namespace hilum::dimse
