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

// "C-STORE"..., "command 0x1234" for others.
std::string command_name(uint16_t field);

}  // namespace hilum::dimse
