#include "core/dimse/request_check.h"

#include <cstdint>
#include <cstring>
#include <optional>

#include "core/base/bytes.h"

namespace hilum::dimse {
namespace {

constexpr size_t kFixedPart = 68;  // protocol version, titles, reserved
constexpr size_t kLongestUid = 64;

struct Item {
  uint8_t type;
  std::string_view content;
};

// The next item, which is taken away; nothing if it does not lie within `rest`.
std::optional<Item> take_item(std::string_view& rest) {
  constexpr size_t kHead = 4;
  if (rest.size() < kHead) {
    return std::nullopt;
  }
  const size_t length = load_be<uint16_t>(rest.data() + 2);
  if (length > rest.size() - kHead) {
    return std::nullopt;
  }
  const Item item{static_cast<uint8_t>(rest[0]), rest.substr(kHead, length)};
  rest.remove_prefix(kHead + length);
  return item;
}

bool is_uid(std::string_view text) { return text.size() <= kLongestUid; }

bool is_context(std::string_view content) {
  constexpr size_t kHead = 4;  // number, reserved
  if (content.size() < kHead) {
    return false;
  }
  content.remove_prefix(kHead);
  while (!content.empty()) {
    const std::optional<Item> item = take_item(content);
    const bool is_syntax = item && (item->type == 0x30 || item->type == 0x40);
    if (!is_syntax || !is_uid(item->content)) {
      return false;
    }
  }
  return true;
}

// A field of two bytes of length and as many of content.
bool take_field(std::string_view& rest, size_t* length) {
  if (rest.size() < 2) {
    return false;
  }
  *length = load_be<uint16_t>(rest.data());
  if (*length > rest.size() - 2) {
    return false;
  }
  rest.remove_prefix(2 + *length);
  return true;
}

bool is_role_selection(std::string_view content) {
  size_t uid = 0;
  return take_field(content, &uid) && uid > 0 && uid <= kLongestUid && content.size() == 2;
}

bool is_extended_negotiation(std::string_view content) {
  size_t uid = 0;
  return take_field(content, &uid) && uid > 0 && uid <= kLongestUid;
}

bool is_user_identity(std::string_view content) {
  size_t field = 0;
  if (content.size() < 2) {
    return false;
  }
  content.remove_prefix(2);
  return take_field(content, &field) && take_field(content, &field) && content.empty();
}

bool is_user_item(const Item& item) {
  switch (item.type) {
    case 0x51:
      return item.content.size() == 4;
    case 0x52:
      return is_uid(item.content);
    case 0x54:
      return is_role_selection(item.content);
    case 0x56:
      return is_extended_negotiation(item.content);
    case 0x58:
      return is_user_identity(item.content);
    default:
      return true;
  }
}

bool is_user_information(std::string_view content) {
  while (!content.empty()) {
    const std::optional<Item> item = take_item(content);
    if (!item || !is_user_item(*item)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_well_formed_request(std::string_view body) {
  if (body.size() < kFixedPart) {
    return false;
  }
  body.remove_prefix(kFixedPart);
  while (!body.empty()) {
    const std::optional<Item> item = take_item(body);
    const bool is_good = item && (item->type != 0x10 || is_uid(item->content)) &&
                         (item->type != 0x20 || is_context(item->content)) &&
                         (item->type != 0x50 || is_user_information(item->content));
    if (!is_good) {
      return false;
    }
  }
  return true;
}

}  // namespace hilum::dimse
