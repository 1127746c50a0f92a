#include "core/dimse/command.h"

#include <fmt/format.h>
#include <hilum/dicom/normalize.h>

#include "core/base/bytes.h"

namespace hilum::dimse {
namespace {

constexpr uint16_t kNoDataSet = 0x0101;

std::optional<uint16_t> us(std::string_view value) {
  return value.size() == 2 ? std::optional<uint16_t>(load_le<uint16_t>(value.data())) : std::nullopt;
}

std::string uid(std::string_view value) { return std::string(dicom::strip_spaces(value)); }

}  // namespace

std::optional<Command> parse_command(std::string_view bytes) {
  Command command;
  bool has_field = false;
  bool has_data_set_type = false;
  ByteReader reader(bytes);
  while (!reader.empty()) {
    const auto group = reader.take_le<uint16_t>();
    const auto element = reader.take_le<uint16_t>();
    const auto length = reader.take_le<uint32_t>();
    const auto value = length ? reader.take_bytes(*length) : std::nullopt;
    if (!group || *group != 0 || !element || !value) {
      return std::nullopt;
    }
    switch (*element) {
      case 0x0002:  // AffectedSOPClassUID
      case 0x0003:  // RequestedSOPClassUID
        command.sop_class = uid(*value);
        break;
      case 0x0100:  // CommandField
        has_field = us(*value).has_value();
        command.field = us(*value).value_or(0);
        break;
      case 0x0110:  // MessageID
        command.message_id = us(*value).value_or(0);
        break;
      case 0x0120:  // MessageIDBeingRespondedTo
        command.responded_message_id = us(*value).value_or(0);
        break;
      case 0x0800:  // CommandDataSetType
        has_data_set_type = us(*value).has_value();
        command.has_data_set = us(*value).value_or(kNoDataSet) != kNoDataSet;
        break;
      case 0x1000:  // AffectedSOPInstanceUID
      case 0x1001:  // RequestedSOPInstanceUID
        command.sop_instance = uid(*value);
        break;
      default:
        break;
    }
  }
  // DICOM_UI of DCMTK, which carries them in responses, holds 64 characters.
  if (!has_field || !has_data_set_type || command.sop_class.size() > 64 || command.sop_instance.size() > 64) {
    return std::nullopt;
  }
  return command;
}

std::string command_name(uint16_t field) {
  switch (field) {
    case kStoreRequest:
      return "C-STORE";
    case kGetRequest:
      return "C-GET";
    case kFindRequest:
      return "C-FIND";
    case kMoveRequest:
      return "C-MOVE";
    case kEchoRequest:
      return "C-ECHO";
    case kEventReportRequest:
      return "N-EVENT-REPORT";
    case kActionRequest:
      return "N-ACTION";
    case kCancelRequest:
      return "C-CANCEL";
    default:
      return fmt::format("command 0x{:04x}", field);
  }
}

}  // namespace hilum::dimse
