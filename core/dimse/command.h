// DIMSE command sets (PS3.7 section 6.3): parsed without building a data set, so that no length in one can
// ask for memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hilum::dimse {

// Values of Command Field (PS3.7 annex E.1) that the server knows.
enum CommandField : uint16_t {
  kStoreRequest = 0x0001,
  kGetRequest = 0x0010,
  kFindRequest = 0x0020,
  kMoveRequest = 0x0021,
  kEchoRequest = 0x0030,
  kEventReportRequest = 0x0100,
  kActionRequest = 0x0130,
  kCancelRequest = 0x0fff,
  kStoreResponse = 0x8001,
};

struct Command {
  uint16_t field = 0;
  uint16_t message_id = 0;
  uint16_t responded_message_id = 0;  // of responses and C-CANCEL
  bool has_data_set = false;
  uint16_t status = 0;           // of responses
  uint16_t type = 0;             // EventTypeID or ActionTypeID
  std::string sop_class;         // affected or requested, padding removed
  std::string sop_instance;      // the same
  std::string move_destination;  // of C-MOVE, spaces around it removed
  std::string comment;           // ErrorComment of responses
  // Of responses to C-MOVE and C-GET, as far as they are there: remaining, completed, failed, warning.
  std::array<std::optional<uint16_t>, 4> sub_operations;
};

// A command set may not be longer than this.
inline constexpr size_t kMaximumCommandSize = 64 * 1024;

// Reads a command set (always implicit little endian). Nothing if it is malformed or names no command.
std::optional<Command> parse_command(std::string_view bytes);

// Counters of the sub-operations of C-MOVE and C-GET (PS3.7 sections 9.1.3.1 and 9.1.4.1). What is more than a counter holds is
// shown as its greatest value.
struct SubOperations {
  uint64_t remaining = 0, completed = 0, failed = 0, warning = 0;
  bool has_remaining = true;  // not in a last response, unless the operation was cancelled
};

// What a response says (PS3.7 section 9.3): to a request of field F it has field F | 0x8000.
struct Response {
  uint16_t request_field = 0;
  uint16_t message_id = 0;  // of the request
  uint16_t status = 0;
  std::string_view sop_class;     // may be empty
  std::string_view sop_instance;  // may be empty
  std::string_view comment;  // ErrorComment; cut to what LO holds, other characters than its own become '?'
  const SubOperations* sub_operations = nullptr;
  uint16_t type = 0;  // EventTypeID or ActionTypeID, by the request; 0: left out
};

// The command set of a response.
std::string encode_response(const Response& response, bool has_data_set);

// What a request says: those that the server makes itself.
struct Request {
  uint16_t field = 0;
  uint16_t message_id = 0;
  std::string_view sop_class = {};     // affected, of N-ACTION requested
  std::string_view sop_instance = {};  // the same; may be empty
  uint16_t type = 0;                   // EventTypeID or ActionTypeID
  std::string_view move_destination = {};
  std::string_view originator_aet = {};  // of a C-STORE that belongs to a C-MOVE; else empty
  uint16_t originator_id = 0;
};

// The command set of a request; those with a priority have the medium one.
std::string encode_request(const Request& request, bool has_data_set);

// C-CANCEL-RQ of the request with this number (PS3.7 section 9.3.2.3).
std::string encode_cancel(uint16_t message_id);

// Appends one message, or half of one, as P-DATA-TF PDUs of one fragment each (PS3.8 section 9.3.5 and annex E).
// `fragment_size`: bytes of message in one fragment, which the peer's maximum length allows.
void append_pdus(std::string& out, uint8_t context, bool is_command, std::string_view message,
                 size_t fragment_size);

// The same for a part of a data set, of which more comes unless `is_last`.
void append_fragments(std::string& out, uint8_t context, std::string_view part, size_t fragment_size,
                      bool is_last);

// "C-STORE"..., "command 0x1234" for others.
std::string command_name(uint16_t field);

}  // namespace hilum::dimse
