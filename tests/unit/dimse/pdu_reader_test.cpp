#include "core/dimse/pdu_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "core/base/bytes.h"
#include "core/dimse/command.h"

namespace hilum::dimse {
namespace {

struct Message {
  std::string bytes;
  uint8_t context = 0;
  bool is_command = false;
  friend bool operator==(const Message& a, const Message& b) {
    return a.bytes == b.bytes && a.context == b.context && a.is_command == b.is_command;
  }
};

// Feeds `stream` in pieces of `piece` bytes; the whole messages, and how it ended.
std::pair<std::vector<Message>, PduReader::Found> read(std::string_view stream, size_t piece) {
  PduReader reader(16384);
  std::vector<Message> messages;
  Message open;
  for (;;) {
    Pdv pdv;
    const PduReader::Found found = reader.next(&pdv);
    if (found == PduReader::Found::kPdv) {
      open.bytes += pdv.data;
      open.context = pdv.context;
      open.is_command = pdv.is_command;
      if (pdv.is_last) messages.push_back(std::exchange(open, {}));
      continue;
    }
    if (found != PduReader::Found::kNothing || stream.empty()) return {messages, found};
    const auto [to, size] = reader.room();
    const size_t count = std::min({size, piece, stream.size()});
    EXPECT_GT(count, 0u);
    std::memcpy(to, stream.data(), count);
    reader.received(count);
    stream.remove_prefix(count);
  }
}

std::string release() { return {"\x05\0\0\0\0\x04\0\0\0\0", 10}; }

TEST(PduReader, MessagesInAnyPieces) {
  std::string command = "a command", data(200'000, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 7);
  std::string stream;
  append_pdus(stream, 3, true, command, 4);
  append_pdus(stream, 3, false, data, 16372);
  append_pdus(stream, 255, true, "", 100);
  stream += release();
  const std::vector<Message> expected{{command, 3, true}, {data, 3, false}, {"", 255, true}};
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{16384}, size_t{1} << 20}) {
    const auto [messages, end] = read(stream, piece);
    EXPECT_TRUE(messages == expected) << piece;
    EXPECT_EQ(end, PduReader::Found::kReleaseRequest) << piece;
  }
}

TEST(PduReader, SeveralFragmentsInOnePdu) {
  std::string fragments;
  for (const char* text : {"one", "two"}) {
    append_be(fragments, uint32_t{5});
    fragments += '\x09';
    fragments += std::string_view(text) == "two" ? '\x02' : '\0';
    fragments += text;
  }
  std::string stream("\x04\0", 2);
  append_be(stream, static_cast<uint32_t>(fragments.size()));
  const auto [messages, end] = read(stream + fragments, 3);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_TRUE(messages[0] == (Message{"onetwo", 9, false}));
  EXPECT_EQ(end, PduReader::Found::kNothing);
}

TEST(PduReader, Ends) {
  EXPECT_EQ(read(release().substr(0, 9), 100).second, PduReader::Found::kNothing);
  EXPECT_EQ(read(std::string("\x07\0\0\0\0\x04\0\0\0\0", 10), 100).second, PduReader::Found::kAbort);
}

TEST(PduReader, Violations) {
  const auto pdu = [](uint8_t type, uint32_t length, std::string_view rest) {
    std::string bytes{static_cast<char>(type), '\0'};
    append_be(bytes, length);
    return bytes.append(rest);
  };
  const std::string fragment("\0\0\0\x02\x01\x03", 6);
  for (const std::string& bytes :
       {pdu(4, 0, ""), pdu(4, 5, ""), pdu(4, 0xffffffff, ""),
        pdu(4, 200'000, ""),                              // no room for a fragment; too long
        pdu(4, 6, std::string("\0\0\0\x01\x01\x03", 6)),  // shorter than its own header
        pdu(4, 6, std::string("\0\0\0\x03\x01\x03", 6)),  // longer than the PDU
        pdu(4, 6, std::string("\xff\xff\xff\xff\x01\x03", 6)),
        pdu(4, 8, fragment + "xxxxxx"),  // two bytes behind the last fragment
        pdu(5, 5, "12345"), pdu(0, 4, "1234"), pdu(1, 4, "1234"), pdu(2, 4, "1234"), pdu(6, 4, "1234"),
        pdu(8, 0, "")}) {
    EXPECT_EQ(read(bytes, 100).second, PduReader::Found::kViolation) << testing::PrintToString(bytes);
  }
  // What other toolkits send at most is taken although we have announced less.
  std::string large;
  append_pdus(large, 1, false, std::string(131072, 'x'), 131072);
  EXPECT_EQ(read(large, 1 << 20).first.size(), 1u);
}

TEST(Response, CanBeReadAgain) {
  const std::string comment = "line\nbreak, b\\slash, and more than sixty-four characters of a comment";
  const std::string bytes = encode_response({kStoreRequest, 77, 0xa700, "1.2.3", "1.2.3.45", comment}, false);
  EXPECT_EQ(bytes.size() % 2, 0u);
  const auto command = parse_command(bytes);
  ASSERT_TRUE(command);
  EXPECT_EQ(command->field, 0x8001);
  EXPECT_EQ(command->responded_message_id, 77);
  EXPECT_FALSE(command->has_data_set);
  EXPECT_EQ(command->sop_class, "1.2.3");
  EXPECT_EQ(command->sop_instance, "1.2.3.45");
  EXPECT_NE(bytes.find("line?break, b?slash, and more than sixty-four characters of a co"),
            std::string::npos);
  EXPECT_EQ(load_le<uint32_t>(bytes.data() + 8), bytes.size() - 12);  // the group length
  EXPECT_TRUE(parse_command(encode_response({kFindRequest, 1, 0xff00, "1.2", {}, {}}, true))->has_data_set);
}

}  // namespace
}  // namespace hilum::dimse
