#include "core/dimse/permissions.h"

#include <gtest/gtest.h>

namespace hilum::dimse {
namespace {

Modality modality(const std::string& aet, const std::string& host) {
  Modality result;
  result.name = aet + "@" + host;
  result.aet = aet;
  result.host = host;
  return result;
}

ServerOptions closed() {
  ServerOptions options;
  options.always_allow_echo = false;
  options.always_allow_store = false;
  return options;
}

const Peer kPeer = {"SCANNER", "HILUM", "10.0.0.1"};

TEST(Aet, ComparedWithoutCaseUnlessStrict) {
  EXPECT_TRUE(same_aet("Hilum", "HILUM", false));
  EXPECT_FALSE(same_aet("Hilum", "HILUM", true));
  EXPECT_FALSE(same_aet("HILUM", "HILUM1", false));
  EXPECT_TRUE(same_aet("", "", true));
}

TEST(Associate, AnyoneUnlessEverythingIsClosed) {
  EXPECT_TRUE(may_associate(ServerOptions{}, {}, kPeer));
  ServerOptions options = closed();
  EXPECT_FALSE(may_associate(options, {}, kPeer));
  const Modalities known = {modality("scanner", "10.0.0.2")};
  EXPECT_TRUE(may_associate(options, known, kPeer));
  options.check_modality_host = true;
  EXPECT_FALSE(may_associate(options, known, kPeer));
  EXPECT_TRUE(may_associate(options, {modality("SCANNER", "10.0.0.1")}, kPeer));
  options.always_allow_get = true;
  EXPECT_TRUE(may_associate(options, {}, kPeer));
}

TEST(Send, AlwaysAllowWinsOverTheModality) {
  Modalities known = {modality("SCANNER", "10.0.0.1")};
  known[0].allow_store = false;
  known[0].allow_echo = false;
  EXPECT_TRUE(may_send(ServerOptions{}, known, kPeer, kStoreRequest));
  EXPECT_TRUE(may_send(ServerOptions{}, known, kPeer, kEchoRequest));
  EXPECT_FALSE(may_send(closed(), known, kPeer, kStoreRequest));
}

TEST(Send, UnknownCallersMayNotFind) {
  EXPECT_FALSE(may_send(ServerOptions{}, {}, kPeer, kFindRequest));
  EXPECT_TRUE(may_send(ServerOptions{}, {modality("scanner", "x")}, kPeer, kFindRequest));
  ServerOptions strict;
  strict.strict_aet = true;
  EXPECT_FALSE(may_send(strict, {modality("scanner", "x")}, kPeer, kFindRequest));
}

TEST(Send, WorklistHasItsOwnFlags) {
  ServerOptions options;
  options.always_allow_find = true;
  EXPECT_FALSE(may_send(options, {}, kPeer, kFindRequest, true));
  Modalities known = {modality("SCANNER", "x")};
  known[0].allow_find_worklist = false;
  EXPECT_FALSE(may_send(options, known, kPeer, kFindRequest, true));
  EXPECT_TRUE(may_send(options, known, kPeer, kFindRequest, false));
}

TEST(Send, NServicesAlwaysNeedAModality) {
  EXPECT_FALSE(may_send(ServerOptions{}, {}, kPeer, kActionRequest));
  EXPECT_TRUE(may_send(ServerOptions{}, {modality("SCANNER", "x")}, kPeer, kActionRequest));
}

TEST(Send, HostIsCheckedAsText) {
  ServerOptions options = closed();
  options.check_modality_host = true;
  EXPECT_TRUE(may_send(options, {modality("SCANNER", "10.0.0.1")}, kPeer, kFindRequest));
  EXPECT_FALSE(may_send(options, {modality("SCANNER", "scanner.local")}, kPeer, kFindRequest));
}

TEST(Send, SameTitleTwice) {
  ServerOptions options = closed();
  Modalities known = {modality("SCANNER", "10.0.0.1"), modality("SCANNER", "10.0.0.2")};
  EXPECT_TRUE(may_send(options, known, kPeer, kFindRequest));
  known[1].allow_find = false;  // not all allow it...
  EXPECT_FALSE(may_send(options, known, kPeer, kFindRequest));
  options.check_modality_host = true;  // ... but the one with this host does
  EXPECT_TRUE(may_send(options, known, kPeer, kFindRequest));
  known[0].allow_find = false;
  EXPECT_FALSE(may_send(options, known, kPeer, kFindRequest));
}

}  // namespace
}  // namespace hilum::dimse
