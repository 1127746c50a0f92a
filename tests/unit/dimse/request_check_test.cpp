#include "core/dimse/request_check.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/dimse/scu/association_pdus.h"

namespace hilum::dimse {
namespace {

std::string item(char type, std::string_view content) {
  std::string out{type, '\0'};
  append_be(out, static_cast<uint16_t>(content.size()));
  return out += content;
}
const std::string kFixed(68, 'x');

TEST(RequestCheckTest, OurOwnRequestsAreWellFormed) {
  AssociationRequest request{"A", "B", 16384, {}};
  for (size_t i = 0; i < kMostContexts; ++i) {
    request.proposals.push_back(
        {"1.2.840.10008.1.1", {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}, true, i % 2 == 0});
  }
  const std::string pdu = encode_association_request(request);
  EXPECT_TRUE(is_well_formed_request(std::string_view(pdu).substr(kPduHead)));
  for (size_t size = kPduHead; size < pdu.size(); ++size) {
    // A piece may end between two items; within one it must be seen.
    is_well_formed_request(std::string_view(pdu).substr(kPduHead, size - kPduHead));
  }
  EXPECT_FALSE(is_well_formed_request(std::string_view(pdu).substr(kPduHead, pdu.size() - kPduHead - 1)));
}

TEST(RequestCheckTest, WhatNegotiationDecidesIsNotDecidedHere) {
  EXPECT_TRUE(is_well_formed_request(kFixed));
  EXPECT_TRUE(is_well_formed_request(kFixed + item(0x10, "no.such.context")));
  EXPECT_TRUE(is_well_formed_request(kFixed + item(0x77, "unknown")));
  EXPECT_TRUE(
      is_well_formed_request(kFixed + item(0x50, item(0x55, std::string(30, 'v')) + item(0x7f, "unknown"))));
  EXPECT_TRUE(is_well_formed_request(kFixed + item(0x20, std::string(4, '\1') + item(0x30, ""))));
}

TEST(RequestCheckTest, LengthsThatDoNotHold) {
  const std::string identity("\2\1\0\3abc\0\1x", 10);
  EXPECT_TRUE(is_well_formed_request(kFixed + item(0x50, item(0x58, identity))));
  for (const std::string& bad :
       {std::string("\x10"), std::string("\x10\0\0\5abcd", 8), item(0x10, std::string(65, '1')),
        item(0x20, "abc"), item(0x20, std::string(4, '\1') + "\x30"),
        item(0x20, std::string(4, '\1') + item(0x31, "1")),
        item(0x20, std::string(4, '\1') + item(0x40, std::string(65, '1'))), item(0x50, "a"),
        item(0x50, item(0x51, "abc")),
        item(0x50, item(0x54, std::string("\0\7"
                                          "1.2\1\1",
                                          7))),
        item(0x50, item(0x54, std::string("\0\3"
                                          "1.2\1",
                                          6))),
        item(0x50, item(0x58, identity.substr(0, 9))), item(0x50, item(0x58, identity + "x")),
        item(0x50, item(0x56, "\1"))}) {
    EXPECT_FALSE(is_well_formed_request(kFixed + bad)) << testing::PrintToString(bad);
  }
  EXPECT_FALSE(is_well_formed_request(kFixed.substr(1)));
}

}  // namespace
}  // namespace hilum::dimse
