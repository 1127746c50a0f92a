#include "core/dimse/command.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/dimse/acceptor.h"

namespace hilum::dimse {
namespace {

std::string element(uint16_t number, std::string_view value) {
  std::string bytes;
  append_le<uint16_t>(bytes, 0);
  append_le<uint16_t>(bytes, number);
  append_le<uint32_t>(bytes, static_cast<uint32_t>(value.size()));
  bytes.append(value);
  return bytes;
}

std::string us(uint16_t number, uint16_t value) {
  std::string bytes;
  append_le<uint16_t>(bytes, value);
  return element(number, bytes);
}

std::string store_command() {
  return element(0, std::string(4, '\0')) + element(2, std::string("1.2.3\0", 6)) + us(0x0100, 1) +
         us(0x0110, 7) + us(0x0700, 0) + us(0x0800, 0) + element(0x1000, "1.2.3.4 ");
}

TEST(Command, Store) {
  const auto command = parse_command(store_command());
  ASSERT_TRUE(command);
  EXPECT_EQ(command->field, kStoreRequest);
  EXPECT_EQ(command->message_id, 7);
  EXPECT_TRUE(command->has_data_set);
  EXPECT_EQ(command->sop_class, "1.2.3");
  EXPECT_EQ(command->sop_instance, "1.2.3.4");
}

TEST(Command, Cancel) {
  const auto command = parse_command(us(0x0100, 0x0fff) + us(0x0120, 9) + us(0x0800, 0x0101));
  ASSERT_TRUE(command);
  EXPECT_EQ(command->field, kCancelRequest);
  EXPECT_EQ(command->responded_message_id, 9);
  EXPECT_FALSE(command->has_data_set);
}

TEST(Command, MalformedOnesAreNothing) {
  EXPECT_FALSE(parse_command(""));
  EXPECT_FALSE(parse_command(us(0x0100, 1)));                         // no CommandDataSetType
  EXPECT_FALSE(parse_command(us(0x0800, 1)));                         // no CommandField
  EXPECT_FALSE(parse_command(element(0x0100, "x") + us(0x0800, 1)));  // not two bytes
  EXPECT_FALSE(parse_command(us(0x0100, 1) + us(0x0800, 1) + element(2, std::string(70, '1'))));
  std::string other_group = us(0x0100, 1) + us(0x0800, 1);
  other_group[0] = 8;
  EXPECT_FALSE(parse_command(other_group));
  std::string huge = us(0x0100, 1) + us(0x0800, 1) + element(2, "1.2");
  huge[huge.size() - 4] = '\x7f';  // a length far beyond the end
  EXPECT_FALSE(parse_command(huge));
}

TEST(Command, EveryTruncationIsHarmless) {
  const std::string whole = store_command();
  const size_t without_instance = whole.size() - element(0x1000, "1.2.3.4 ").size();
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(parse_command(std::string_view(whole).substr(0, size)).has_value(), size == without_instance);
  }
}

TEST(FirstPdu, IsJudgedByItsHeader) {
  const std::string header("\x01\x00\x00\x00\x00\x10", 6);  // 16 bytes follow
  EXPECT_EQ(first_pdu_size(header), 22u);
  EXPECT_EQ(judge_first_pdu("", 0), FirstPdu::kIncomplete);
  EXPECT_EQ(judge_first_pdu(header.substr(0, 5), 5), FirstPdu::kIncomplete);
  EXPECT_EQ(judge_first_pdu(header, 21), FirstPdu::kIncomplete);
  EXPECT_EQ(judge_first_pdu(header, 22), FirstPdu::kComplete);
  EXPECT_EQ(judge_first_pdu(header, 100), FirstPdu::kComplete);
  EXPECT_EQ(judge_first_pdu("G", 1), FirstPdu::kInvalid);  // GET / HTTP/1.1
  EXPECT_EQ(judge_first_pdu(std::string("\x01\x00\xff\xff\xff\xff", 6), 6), FirstPdu::kInvalid);
}

}  // namespace
}  // namespace hilum::dimse
