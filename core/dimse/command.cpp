#include "core/dimse/command.h"

#include <fmt/format.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>

#include "core/base/bytes.h"

namespace hilum::dimse {
namespace {

constexpr uint16_t kNoDataSet = 0x0101;
constexpr uint16_t kHasDataSet = 0x0001;

std::optional<uint16_t> us(std::string_view value) {
  return value.size() == 2 ? std::optional<uint16_t>(load_le<uint16_t>(value.data())) : std::nullopt;
}

std::string uid(std::string_view value) { return std::string(dicom::strip_spaces(value)); }

void append_element(std::string& out, uint16_t element, std::string_view value, char padding) {
  append_le(out, uint16_t{0});
  append_le(out, element);
  append_le(out, static_cast<uint32_t>(value.size() + value.size() % 2));
  out += value;
  if (value.size() % 2 != 0) {
    out.push_back(padding);
  }
}

void append_us(std::string& out, uint16_t element, uint16_t value) {
  char bytes[sizeof value];
  store_le(bytes, value);
  append_element(out, element, {bytes, sizeof bytes}, '\0');
}

// ErrorComment is LO: 64 characters of the default repertoire, no backslash.
std::string long_string(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 64)) {
    out.push_back(c >= ' ' && c <= '~' && c != '\\' ? c : '?');
  }
  return out;
}

uint16_t counter(uint64_t count) { return static_cast<uint16_t>(std::min<uint64_t>(count, UINT16_MAX)); }

void append_sub_operations(std::string& out, const SubOperations& counters) {
  if (counters.has_remaining) {
    append_us(out, 0x1020, counter(counters.remaining));
  }
  append_us(out, 0x1021, counter(counters.completed));
  append_us(out, 0x1022, counter(counters.failed));
  append_us(out, 0x1023, counter(counters.warning));
}

// EventTypeID or ActionTypeID.
void append_type(std::string& out, uint16_t request_field, uint16_t type) {
  if (type != 0) {
    append_us(out, request_field == kEventReportRequest ? 0x1002 : 0x1008, type);
  }
}

void append_message(std::string& out, uint8_t context, bool is_command, std::string_view message,
                    size_t fragment_size, bool is_last) {
  constexpr uint8_t kPData = 4, kCommandBit = 1, kLastBit = 2;
  do {
    const std::string_view fragment = message.substr(0, fragment_size);
    message.remove_prefix(fragment.size());
    out.push_back(static_cast<char>(kPData));
    out.push_back('\0');
    append_be(out, static_cast<uint32_t>(fragment.size() + 6));
    append_be(out, static_cast<uint32_t>(fragment.size() + 2));
    out.push_back(static_cast<char>(context));
    out.push_back(
        static_cast<char>((is_command ? kCommandBit : 0) | (is_last && message.empty() ? kLastBit : 0)));
    out += fragment;
  } while (!message.empty());
}

// With its group length.
std::string command_set(const std::string& elements) {
  char length[sizeof(uint32_t)];
  store_le(length, static_cast<uint32_t>(elements.size()));
  std::string out;
  append_element(out, 0x0000, {length, sizeof length}, '\0');
  return out + elements;
}

}  // namespace

std::string encode_response(const Response& response, bool has_data_set) {
  constexpr uint16_t kResponseBit = 0x8000;
  std::string elements;
  if (!response.sop_class.empty()) {
    append_element(elements, 0x0002, response.sop_class, '\0');
  }
  append_us(elements, 0x0100, response.request_field | kResponseBit);
  append_us(elements, 0x0120, response.message_id);
  append_us(elements, 0x0800, has_data_set ? kHasDataSet : kNoDataSet);
  append_us(elements, 0x0900, response.status);
  if (!response.comment.empty()) {
    append_element(elements, 0x0902, long_string(response.comment), ' ');
  }
  if (!response.sop_instance.empty()) {
    append_element(elements, 0x1000, response.sop_instance, '\0');
  }
  append_type(elements, response.request_field, response.type);
  if (response.sub_operations != nullptr) {
    append_sub_operations(elements, *response.sub_operations);
  }
  return command_set(elements);
}

std::string encode_request(const Request& request, bool has_data_set) {
  constexpr uint16_t kMediumPriority = 0;
  const bool is_action = request.field == kActionRequest;
  const bool has_priority = request.field == kStoreRequest || request.field == kFindRequest ||
                            request.field == kGetRequest || request.field == kMoveRequest;
  std::string elements;
  append_element(elements, is_action ? 0x0003 : 0x0002, request.sop_class, '\0');
  append_us(elements, 0x0100, request.field);
  append_us(elements, 0x0110, request.message_id);
  if (!request.move_destination.empty()) {
    append_element(elements, 0x0600, request.move_destination, ' ');
  }
  if (has_priority) {
    append_us(elements, 0x0700, kMediumPriority);
  }
  append_us(elements, 0x0800, has_data_set ? kHasDataSet : kNoDataSet);
  if (!request.sop_instance.empty()) {
    append_element(elements, is_action ? 0x1001 : 0x1000, request.sop_instance, '\0');
  }
  append_type(elements, request.field, request.type);
  if (!request.originator_aet.empty()) {
    append_element(elements, 0x1030, request.originator_aet, ' ');
    append_us(elements, 0x1031, request.originator_id);
  }
  return command_set(elements);
}

std::string encode_cancel(uint16_t message_id) {
  std::string elements;
  append_us(elements, 0x0100, kCancelRequest);
  append_us(elements, 0x0120, message_id);
  append_us(elements, 0x0800, kNoDataSet);
  return command_set(elements);
}

void append_pdus(std::string& out, uint8_t context, bool is_command, std::string_view message,
                 size_t fragment_size) {
  append_message(out, context, is_command, message, fragment_size, true);
}

void append_fragments(std::string& out, uint8_t context, std::string_view part, size_t fragment_size,
                      bool is_last) {
  append_message(out, context, false, part, fragment_size, is_last);
}

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
      case 0x0600:  // MoveDestination
        command.move_destination = uid(*value);
        break;
      case 0x0900:  // Status
        command.status = us(*value).value_or(0);
        break;
      case 0x0902:  // ErrorComment
        command.comment = long_string(dicom::strip_spaces(*value));
        break;
      case 0x1020:  // NumberOfRemainingSuboperations, and those that follow
      case 0x1021:
      case 0x1022:
      case 0x1023:
        command.sub_operations[*element - 0x1020u] = us(*value);
        break;
      case 0x1002:  // EventTypeID
      case 0x1008:  // ActionTypeID
        command.type = us(*value).value_or(0);
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
