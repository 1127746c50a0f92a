#include "core/dimse/negotiation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/dimse/transfer_syntaxes.h"

namespace hilum::dimse {
namespace {

constexpr const char* kCt = "1.2.840.10008.5.1.4.1.1.2";
constexpr const char* kImplicit = "1.2.840.10008.1.2";
constexpr const char* kExplicit = "1.2.840.10008.1.2.1";
constexpr const char* kJpeg2000 = "1.2.840.10008.1.2.4.90";

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

TEST(TransferSyntaxes, KnownOnesInOrder) {
  const auto all = accepted_transfer_syntaxes({"1.2.840.10008.1.*"});
  ASSERT_EQ(all.size(), 42u);
  EXPECT_EQ(all[0], kImplicit);
  EXPECT_EQ(all[3], "1.2.840.10008.1.2.2");
  EXPECT_EQ(all[20], "1.2.840.10008.1.2.4.66");
  EXPECT_EQ(all[29], "1.2.840.10008.1.2.4.95");
  EXPECT_EQ(all[30], "1.2.840.10008.1.2.4.100");
  EXPECT_EQ(all[39], "1.2.840.10008.1.2.5");
  EXPECT_EQ(all[41], "1.2.840.10008.1.2.6.2");
}

TEST(TransferSyntaxes, PatternsAndUnknownOnes) {
  EXPECT_EQ(accepted_transfer_syntaxes({"1.2.840.10008.1.2.4.9?"}).size(), 6u);
  EXPECT_TRUE(accepted_transfer_syntaxes({"nope", ""}).empty());
  EXPECT_EQ(accepted_transfer_syntaxes({kExplicit, kExplicit}), std::vector<std::string>{kExplicit});
}

TEST(TransferSyntaxes, GroupsAddAndRemove) {
  TransferSyntaxGroups groups;
  groups.jpeg = false;
  groups.rle = false;
  const auto some = accepted_transfer_syntaxes({"*"}, groups);
  EXPECT_EQ(some.size(), 42u - 18u - 1u);
  EXPECT_FALSE(contains(some, "1.2.840.10008.1.2.4.70"));
  EXPECT_TRUE(contains(some, "1.2.840.10008.1.2.4.80"));

  TransferSyntaxGroups add;
  add.jpeg_lossless = true;
  add.deflated = true;
  EXPECT_EQ(accepted_transfer_syntaxes({kImplicit}, add),
            (std::vector<std::string>{kImplicit, "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.80",
                                      "1.2.840.10008.1.2.4.81"}));
}

NegotiationRules rules(const ServerOptions& options = {}, bool unknown = false) {
  return NegotiationRules(options, accepted_transfer_syntaxes({"*"}), unknown);
}

TEST(Negotiation, ClientOrderDecides) {
  const auto first = rules().decide(kCt, {kImplicit, kExplicit, kJpeg2000});
  EXPECT_EQ(first.result, 0);
  EXPECT_EQ(first.service, Service::kStorage);
  EXPECT_EQ(first.transfer_syntax, kImplicit);
  EXPECT_EQ(rules().decide(kCt, {"1.2.3", kJpeg2000, kExplicit}).transfer_syntax, kJpeg2000);
}

TEST(Negotiation, NothingAcceptable) {
  EXPECT_EQ(rules().decide(kCt, {"1.2.3"}).result, 4);
  EXPECT_EQ(rules().decide(kCt, {}).result, 4);
  // Known to the standard, but the toolkit cannot read it.
  EXPECT_EQ(rules().decide(kCt, {"1.2.840.10008.1.2.6.1"}).result, 4);
}

TEST(Negotiation, ServicesTakeUncompressedSyntaxes) {
  const auto echo = rules().decide("1.2.840.10008.1.1", {kJpeg2000, kImplicit});
  EXPECT_EQ(echo.service, Service::kVerification);
  EXPECT_EQ(echo.transfer_syntax, kImplicit);
  EXPECT_EQ(rules().decide("1.2.840.10008.5.1.4.1.2.1.1", {kExplicit}).service, Service::kFind);
  EXPECT_EQ(rules().decide("1.2.840.10008.5.1.4.1.2.2.1", {kExplicit}).service, Service::kFind);
  EXPECT_EQ(rules().decide("1.2.840.10008.5.1.4.1.2.2.1", {kJpeg2000}).result, 4);
}

TEST(Negotiation, WhatIsNotServedIsRefused) {
  for (const char* uid : {"1.2.840.10008.5.1.4.1.2.3.1", "1.2.840.10008.5.1.4.1.2.3.2", "1.2.3.4", ""}) {
    EXPECT_EQ(rules().decide(uid, {kExplicit}).result, 3) << uid;
  }
}

TEST(Negotiation, ServicesTakeTheUncompressedSyntaxes) {
  const std::pair<const char*, Service> services[] = {
      {"1.2.840.10008.5.1.4.31", Service::kWorklist},  {"1.2.840.10008.5.1.4.1.2.1.2", Service::kMove},
      {"1.2.840.10008.5.1.4.1.2.2.2", Service::kMove}, {"1.2.840.10008.5.1.4.1.2.1.3", Service::kGet},
      {"1.2.840.10008.5.1.4.1.2.2.3", Service::kGet},  {"1.2.840.10008.1.20.1", Service::kCommitment}};
  for (const auto& [uid, service] : services) {
    const ContextDecision decision = rules().decide(uid, {kJpeg2000, kImplicit, kExplicit});
    EXPECT_EQ(decision.result, 0) << uid;
    EXPECT_EQ(decision.service, service) << uid;
    EXPECT_EQ(decision.transfer_syntax, kImplicit) << uid;
    EXPECT_EQ(rules().decide(uid, {kJpeg2000}).result, 4) << uid;
  }
}

TEST(Negotiation, UnknownClassesOnDemand) {
  EXPECT_EQ(rules({}, true).decide("1.2.3.4", {kExplicit}).result, 0);
  // In the dictionary, but not a storage class: stays refused.
  EXPECT_EQ(rules({}, true).decide("1.2.840.10008.5.1.4.1.2.3.1", {kExplicit}).result, 3);
}

TEST(Negotiation, AcceptedAndRejectedClasses) {
  ServerOptions options;
  options.accepted_sop_classes = {"1.2.840.10008.5.1.4.1.1.2*", "1.2.3.4"};
  options.rejected_sop_classes = {"1.2.840.10008.5.1.4.1.1.2.1"};
  const NegotiationRules some = rules(options);
  EXPECT_EQ(some.decide(kCt, {kExplicit}).result, 0);
  EXPECT_EQ(some.decide("1.2.3.4", {kExplicit}).result, 0);
  EXPECT_EQ(some.decide("1.2.840.10008.5.1.4.1.1.2.1", {kExplicit}).result, 3);
  EXPECT_EQ(some.decide("1.2.840.10008.5.1.4.1.1.4", {kExplicit}).result, 3);  // MR
}

TEST(Negotiation, NoTransferSyntaxDisablesStorage) {
  const NegotiationRules none(ServerOptions{}, {}, true);
  EXPECT_EQ(none.decide(kCt, {kExplicit}).result, 3);
  EXPECT_EQ(none.decide("1.2.840.10008.1.1", {kExplicit}).result, 0);
}

}  // namespace
}  // namespace hilum::dimse
