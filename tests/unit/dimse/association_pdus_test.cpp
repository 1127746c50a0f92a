#include "core/dimse/scu/association_pdus.h"

#include <gtest/gtest.h>

#include "core/base/bytes.h"
#include "core/dimse/scu/proposals.h"

namespace hilum::dimse {
namespace {

const std::string kCt = "1.2.840.10008.5.1.4.1.1.2", kMr = "1.2.840.10008.5.1.4.1.1.4";
const std::string kImplicit = "1.2.840.10008.1.2", kExplicit = "1.2.840.10008.1.2.1",
                  kBig = "1.2.840.10008.1.2.2";
const std::string kJpeg = "1.2.840.10008.1.2.4.70", kJpeg2000 = "1.2.840.10008.1.2.4.90";

std::string item(uint8_t type, const std::string& value) {
  std::string out;
  out.push_back(static_cast<char>(type));
  out.push_back('\0');
  append_be(out, static_cast<uint16_t>(value.size()));
  return out + value;
}

std::string context(uint8_t number, uint8_t result, const std::string& syntax) {
  return item(0x21,
              std::string{static_cast<char>(number), 0, static_cast<char>(result), 0} + item(0x40, syntax));
}

std::string role(const std::string& uid, char scu, char scp) {
  std::string value;
  append_be(value, static_cast<uint16_t>(uid.size()));
  return item(0x54, value + uid + scu + scp);
}

std::string user(uint32_t length, const std::string& more = {}) {
  std::string value;
  append_be(value, length);
  return item(0x50, item(0x51, value) + more);
}

const std::string kFixed(68, '\0');

TEST(AssociationPdus, RequestHasContextsAndRoles) {
  AssociationRequest request{
      "ME", "YOU", 16384, {{kCt, {kExplicit, kImplicit}}, {kMr, {kExplicit}, false, true}}};
  const std::string pdu = encode_association_request(request);
  EXPECT_EQ(pdu[0], 1);
  EXPECT_EQ(load_be<uint32_t>(pdu.data() + 2), pdu.size() - 6);
  EXPECT_EQ(pdu.substr(10, 32), "YOU             ME              ");
  EXPECT_NE(pdu.find(item(0x30, kCt) + item(0x40, kExplicit) + item(0x40, kImplicit)), std::string::npos);
  EXPECT_NE(pdu.find(role(kMr, 0, 1)), std::string::npos);
  EXPECT_EQ(pdu.find(role(kCt, 1, 0)), std::string::npos);
}

TEST(AssociationPdus, AcceptIsTakenApart) {
  const std::vector<Proposal> proposals = {
      {kCt, {kExplicit}}, {kMr, {kExplicit, kJpeg}, false, true}, {kCt, {kJpeg}}};
  const auto answer =
      parse_association_accept(kFixed + item(0x10, "1.2.840.10008.3.1.1.1") + context(5, 4, "") +
                                   context(3, 0, kJpeg + std::string(1, '\0')) + context(1, 0, kExplicit) +
                                   user(4096, role(kMr, 0, 1)),
                               proposals);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->maximum_pdu_length, 4096u);
  ASSERT_EQ(answer->accepted.size(), 2u);
  EXPECT_EQ(answer->accepted[0].number, 1);
  EXPECT_TRUE(answer->accepted[0].scu);
  EXPECT_FALSE(answer->accepted[0].scp);
  EXPECT_EQ(answer->accepted[1].transfer_syntax, kJpeg);
  EXPECT_FALSE(answer->accepted[1].scu);
  EXPECT_TRUE(answer->accepted[1].scp);
}

TEST(AssociationPdus, HostileAnswersAreRefused) {
  const std::vector<Proposal> proposals = {{kCt, {kExplicit}}};
  const std::string good = kFixed + context(1, 0, kExplicit) + user(16384);
  ASSERT_TRUE(parse_association_accept(good, proposals));
  for (size_t size = 0; size < good.size(); ++size) {  // cut anywhere: nothing is read behind the end
    const auto cut = parse_association_accept(good.substr(0, size), proposals);
    EXPECT_TRUE(!cut || size == kFixed.size() || size == good.size() - user(16384).size()) << size;
  }
  for (const std::string& bad :
       {context(3, 0, kExplicit), context(2, 0, kExplicit), context(255, 0, kExplicit), context(1, 0, kJpeg),
        context(1, 0, kExplicit) + context(1, 0, kExplicit), item(0x21, "x"), item(0x50, item(0x51, "x")),
        item(0x50, item(0x54, std::string("\xff\xff", 2) + "1.2"))}) {
    EXPECT_FALSE(parse_association_accept(kFixed + bad, proposals));
  }
}

TEST(AssociationPdus, RejectionsAreNamed) {
  EXPECT_EQ(rejection_text(std::string("\0\1\1\7", 4)),
            "association rejected (permanent): called AE title not recognized");
  EXPECT_EQ(rejection_text(std::string("\0\2\3\2", 4)),
            "association rejected (transient): local limit exceeded");
  EXPECT_EQ(rejection_text("x"), "malformed A-ASSOCIATE-RJ");
}

TEST(Proposals, SourcesThenPreferredThenUncompressed) {
  StorageNeeds needs;
  needs.add(kMr, kJpeg);
  needs.add(kCt, kJpeg2000);
  needs.add(kCt, kExplicit);
  needs.add(kCt, kJpeg2000);
  const auto proposals = storage_proposals(needs, kCt, true, kExplicit);
  ASSERT_EQ(proposals.size(), 6u);
  EXPECT_EQ(proposals[0].abstract_syntax, kCt);
  EXPECT_EQ(proposals[0].transfer_syntaxes, std::vector<std::string>{kJpeg2000});
  EXPECT_EQ(proposals[1].transfer_syntaxes, std::vector<std::string>{kExplicit});
  EXPECT_EQ(proposals[2].transfer_syntaxes, (std::vector<std::string>{kImplicit, kBig}));
  EXPECT_EQ(proposals[3].abstract_syntax, kMr);
  EXPECT_EQ(proposals[4].transfer_syntaxes, std::vector<std::string>{kExplicit});
  EXPECT_TRUE(is_proposed(proposals, kMr, kBig));
  EXPECT_FALSE(is_proposed(proposals, kMr, kJpeg2000));
  EXPECT_EQ(storage_proposals(needs, kCt, false, kExplicit).size(), 3u);
}

TEST(Proposals, FirstClassIsThereWhenThereAreTooMany) {
  StorageNeeds needs;
  for (int i = 0; i < 200; ++i) needs.add("1.2." + std::to_string(i), kJpeg);
  const auto proposals = storage_proposals(needs, "1.2.199", true, kExplicit);
  EXPECT_EQ(proposals.size(), 126u);  // 42 classes with three each
  EXPECT_EQ(proposals[0].abstract_syntax, "1.2.199");
}

TEST(Proposals, RetrieveFillsTheAssociation) {
  const auto few = retrieve_proposals("1.9", {kCt, kMr}, {kJpeg, kJpeg2000}, false);
  ASSERT_EQ(few.size(), 7u);
  EXPECT_EQ(few[0].abstract_syntax, "1.9");
  EXPECT_FALSE(few[0].scp);
  EXPECT_TRUE(few[1].scp);
  EXPECT_FALSE(few[1].scu);
  EXPECT_EQ(few[2].transfer_syntaxes, std::vector<std::string>{kJpeg});
  std::vector<std::string> classes;
  for (int i = 0; i < 150; ++i) classes.push_back("1.2." + std::to_string(i));
  const auto many = retrieve_proposals("1.9", classes, {kJpeg, kJpeg2000}, true);
  ASSERT_EQ(many.size(), kMostContexts);
  EXPECT_TRUE(many[1].scu);
  EXPECT_EQ(many[1].transfer_syntaxes.size(), 5u);
}

}  // namespace
}  // namespace hilum::dimse
