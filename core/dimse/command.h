// DIMSE command sets (PS3.7 section 6.3): parsed without building a data set, so that no length in one can
// ask for memory.
#pragma once

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
};

struct Command {
  uint16_t field = 0;
  uint16_t message_id = 0;
  uint16_t responded_message_id = 0;  // of responses and C-CANCEL
  bool has_data_set = false;
  std::string sop_class;     // affected or requested, padding removed
  std::string sop_instance;  // the same
};

// A command set may not be longer than this.
inline constexpr size_t kMaximumCommandSize = 64 * 1024;

// Reads a command set (always implicit little endian). Nothing if it is malformed or names no command.
std::optional<Command> parse_command(std::string_view bytes);

// What a response says (PS3.7 section 9.3): to a request of field F it has field F | 0x8000.
struct Response {
  uint16_t request_field = 0;
  uint16_t message_id = 0;  // of the request
  uint16_t status = 0;
  std::string_view sop_class;     // may be empty
  std::string_view sop_instance;  // may be empty
  std::string_view comment;  // ErrorComment; cut to what LO holds, other characters than its own become '?'
};

// The command set of a response.
std::string encode_response(const Response& response, bool has_data_set);

// Appends one message, or half of one, as P-DATA-TF PDUs of one fragment each (PS3.8 section 9.3.5 and annex E).
// `fragment_size`: bytes of message in one fragment, which the peer's maximum length allows.
void append_pdus(std::string& out, uint8_t context, bool is_command, std::string_view message,
                 size_t fragment_size);

// "C-STORE"..., "command 0x1234" for others.
std::string command_name(uint16_t field);

}  // namespace hilum::dimse
