#include "core/dimse/scu/association_pdus.h"

#include <fmt/format.h>
#include <hilum/dicom/meta_header.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/bytes.h"

namespace hilum::dimse {
namespace {

constexpr std::string_view kApplicationContext = "1.2.840.10008.3.1.1.1";

enum ItemType : uint8_t {
  kApplicationContextItem = 0x10,
  kProposedContextItem = 0x20,
  kAnsweredContextItem = 0x21,
  kAbstractSyntaxItem = 0x30,
  kTransferSyntaxItem = 0x40,
  kUserInformationItem = 0x50,
  kMaximumLengthItem = 0x51,
  kImplementationClassItem = 0x52,
  kRoleSelectionItem = 0x54,
  kImplementationVersionItem = 0x55,
};

// Type, reserved, length of 16 bits, value.
void append_item(std::string& out, uint8_t type, std::string_view value) {
  out.push_back(static_cast<char>(type));
  out.push_back('\0');
  append_be(out, static_cast<uint16_t>(value.size()));
  out += value;
}

void append_title(std::string& out, std::string_view title) {
  std::string padded(title.substr(0, 16));
  padded.resize(16, ' ');
  out += padded;
}

std::string context_item(uint8_t number, const Proposal& proposal) {
  std::string value;
  value.push_back(static_cast<char>(number));
  value.append(3, '\0');
  append_item(value, kAbstractSyntaxItem, proposal.abstract_syntax);
  for (const std::string& syntax : proposal.transfer_syntaxes) {
    append_item(value, kTransferSyntaxItem, syntax);
  }
  return value;
}

// One for each class, whatever number of contexts it has (PS3.7 annex D.3.3.4).
void append_roles(std::string& out, const std::vector<Proposal>& proposals) {
  std::map<std::string_view, std::pair<bool, bool>> roles;
  for (const Proposal& proposal : proposals) {
    if (proposal.scp) roles[proposal.abstract_syntax] = {proposal.scu, proposal.scp};
  }
  for (const auto& [uid, role] : roles) {
    std::string value;
    append_be(value, static_cast<uint16_t>(uid.size()));
    value += uid;
    value.push_back(role.first ? '\1' : '\0');
    value.push_back(role.second ? '\1' : '\0');
    append_item(out, kRoleSelectionItem, value);
  }
}

std::string user_information(const AssociationRequest& request) {
  std::string value;
  std::string length;
  append_be(length, request.maximum_pdu_length);
  append_item(value, kMaximumLengthItem, length);
  append_item(value, kImplementationClassItem, dicom::kImplementationClassUid);
  append_roles(value, request.proposals);
  append_item(value, kImplementationVersionItem, dicom::kImplementationVersionName);
  return value;
}

struct Item {
  uint8_t type = 0;
  std::string_view value;
};

// Takes the item at the front; nothing if it is cut off.
std::optional<Item> take_item(std::string_view* rest) {
  if (rest->size() < 4) return std::nullopt;
  const auto length = load_be<uint16_t>(rest->data() + 2);
  if (rest->size() - 4 < length) return std::nullopt;
  const Item item{static_cast<uint8_t>((*rest)[0]), rest->substr(4, length)};
  rest->remove_prefix(size_t{4} + length);
  return item;
}

// Some peers pad UIDs with NULs or spaces.
std::string uid_of(std::string_view value) {
  const size_t end = value.find_last_not_of(std::string_view("\0 ", 2));
  return std::string(value.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

struct Roles {
  bool scu = false, scp = false;
};

struct Parsed {
  AssociationAnswer answer;
  std::map<std::string, Roles> roles;
};

// False if it is malformed.
bool take_context(std::string_view value, const std::vector<Proposal>& proposals, Parsed* parsed) {
  if (value.size() < 4) return false;
  const auto number = static_cast<uint8_t>(value[0]);
  const auto result = static_cast<uint8_t>(value[2]);
  value.remove_prefix(4);
  if (number % 2 == 0 || number / 2u >= proposals.size()) return false;
  if (result != 0) return true;
  const std::optional<Item> syntax = take_item(&value);
  if (!syntax || syntax->type != kTransferSyntaxItem) return false;
  const Proposal& proposal = proposals[number / 2u];
  AcceptedContext context{number, proposal.abstract_syntax, uid_of(syntax->value), true, false};
  const auto& proposed = proposal.transfer_syntaxes;
  const auto& accepted = parsed->answer.accepted;
  const bool is_repeated = std::any_of(accepted.begin(), accepted.end(),
                                       [&](const AcceptedContext& other) { return other.number == number; });
  if (is_repeated || std::find(proposed.begin(), proposed.end(), context.transfer_syntax) == proposed.end()) {
    return false;
  }
  parsed->answer.accepted.push_back(std::move(context));
  return true;
}

bool take_role(std::string_view value, Parsed* parsed) {
  if (value.size() < 4) return false;
  const auto length = load_be<uint16_t>(value.data());
  if (value.size() != size_t{length} + 4) return false;
  parsed->roles[uid_of(value.substr(2, length))] = {value[value.size() - 2] != 0,
                                                    value[value.size() - 1] != 0};
  return true;
}

bool take_user_information(std::string_view rest, Parsed* parsed) {
  while (!rest.empty()) {
    const std::optional<Item> item = take_item(&rest);
    if (!item) return false;
    if (item->type == kMaximumLengthItem) {
      if (item->value.size() != 4) return false;
      parsed->answer.maximum_pdu_length = load_be<uint32_t>(item->value.data());
    } else if (item->type == kRoleSelectionItem && !take_role(item->value, parsed)) {
      return false;
    }
  }
  return true;
}

// Without an answer about roles, the requestor is the SCU.
void apply_roles(const std::vector<Proposal>& proposals, Parsed* parsed) {
  for (AcceptedContext& context : parsed->answer.accepted) {
    const Proposal& proposal = proposals[context.number / 2u];
    const auto role = parsed->roles.find(context.abstract_syntax);
    if (proposal.scp && role != parsed->roles.end()) {
      context.scu = proposal.scu && role->second.scu;
      context.scp = role->second.scp;
    }
  }
}

}  // namespace

std::string encode_association_request(const AssociationRequest& request) {
  std::string body;
  append_be(body, uint16_t{1});  // protocol version
  append_be(body, uint16_t{0});
  append_title(body, request.called_aet);
  append_title(body, request.calling_aet);
  body.append(32, '\0');
  append_item(body, kApplicationContextItem, kApplicationContext);
  for (size_t i = 0; i < request.proposals.size() && i < kMostContexts; ++i) {
    append_item(body, kProposedContextItem,
                context_item(static_cast<uint8_t>(2 * i + 1), request.proposals[i]));
  }
  append_item(body, kUserInformationItem, user_information(request));
  std::string pdu("\x01\x00", 2);
  append_be(pdu, static_cast<uint32_t>(body.size()));
  return pdu + body;
}

std::optional<AssociationAnswer> parse_association_accept(std::string_view body,
                                                          const std::vector<Proposal>& proposals) {
  constexpr size_t kFixed = 68;  // version, reserved, titles, reserved
  if (body.size() < kFixed) return std::nullopt;
  Parsed parsed;
  std::string_view rest = body.substr(kFixed);
  while (!rest.empty()) {
    const std::optional<Item> item = take_item(&rest);
    if (!item || (item->type == kAnsweredContextItem && !take_context(item->value, proposals, &parsed)) ||
        (item->type == kUserInformationItem && !take_user_information(item->value, &parsed))) {
      return std::nullopt;
    }
  }
  apply_roles(proposals, &parsed);
  auto& accepted = parsed.answer.accepted;
  std::sort(accepted.begin(), accepted.end(),
            [](const AcceptedContext& a, const AcceptedContext& b) { return a.number < b.number; });
  return std::move(parsed.answer);
}

std::string rejection_text(std::string_view body) {
  if (body.size() != 4) return "malformed A-ASSOCIATE-RJ";
  const int result = body[1], source = body[2], reason = body[3];
  const char* text = nullptr;
  if (source == 1) {
    text = reason == 1   ? "no reason given"
           : reason == 2 ? "application context name not supported"
           : reason == 3 ? "calling AE title not recognized"
           : reason == 7 ? "called AE title not recognized"
                         : nullptr;
  } else if (source == 2) {
    text = reason == 1 ? "no reason given" : reason == 2 ? "protocol version not supported" : nullptr;
  } else if (source == 3) {
    text = reason == 1 ? "temporary congestion" : reason == 2 ? "local limit exceeded" : nullptr;
  }
  return fmt::format("association rejected ({}): {}", result == 2 ? "transient" : "permanent",
                     text != nullptr ? text : fmt::format("source {}, reason {}", source, reason));
}

}  // namespace hilum::dimse
