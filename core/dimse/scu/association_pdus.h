// The PDUs by which an association is requested (PS3.8 section 9.3). Knows no socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dimse {

// One presentation context that we propose. `scu`, `scp`: our roles (PS3.7 annex D.3.3.4); with scp a role selection is sent.
struct Proposal {
  std::string abstract_syntax;
  std::vector<std::string> transfer_syntaxes;
  bool scu = true;
  bool scp = false;
};
// Numbers 1, 3, 5... 255 (PS3.8 section 9.3.2.2).
inline constexpr size_t kMostContexts = 128;

struct AssociationRequest {
  std::string calling_aet, called_aet;
  uint32_t maximum_pdu_length = 16384;
  std::vector<Proposal> proposals;  // at most kMostContexts; the i-th has the number 2 i + 1
};
std::string encode_association_request(const AssociationRequest& request);

// A context that the peer has accepted, with our roles in it.
struct AcceptedContext {
  uint8_t number = 0;
  std::string abstract_syntax;
  std::string transfer_syntax;
  bool scu = true;
  bool scp = false;
};

struct AssociationAnswer {
  std::vector<AcceptedContext> accepted;  // ascending by number
  uint32_t maximum_pdu_length = 0;        // that the peer takes; 0: no limit
};

inline constexpr size_t kPduHead = 6;
// An A-ASSOCIATE-AC with 128 contexts stays far below.
inline constexpr size_t kMaximumAnswer = 256 * 1024;
enum class AnswerKind : uint8_t { kAccept = 2, kReject = 3, kAbort = 7 };

// What follows the head of an A-ASSOCIATE-AC. Nothing if it is malformed, or accepts what was not proposed.
std::optional<AssociationAnswer> parse_association_accept(std::string_view body,
                                                          const std::vector<Proposal>& proposals);
// What follows the head of an A-ASSOCIATE-RJ, as text (PS3.8 table 9-21).
std::string rejection_text(std::string_view body);

}  // namespace hilum::dimse
