// The SCU against Hilum's own server, and against peers that misbehave.
#include "core/dimse/scu/scu.h"

#include <gtest/gtest.h>
#include <hilum/dicom/parse.h>
#include <hilum/index.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "core/dimse/dcmtk_setup.h"
#include "core/dimse/listening.h"
#include "core/dimse/request_io.h"
#include "core/dimse/scu/association_pdus.h"
#include "core/dimse/server.h"
#include "core/dimse/transfer_syntaxes.h"
#include "tests/unit/ingest/fixture.h"

namespace hilum::dimse {
namespace {

using ingest::testing::Archive;
using ingest::testing::instance_file;

const std::string kImplicit = "1.2.840.10008.1.2", kExplicit = "1.2.840.10008.1.2.1";

void set_up_once() {
  static const bool done = (configure_dcmtk(), true);
  (void)done;
}

ServerOptions open_options() {
  ServerOptions options;
  options.aet = "SERVER";
  options.bind_address = "127.0.0.1";
  options.port = 0;
  options.always_allow_find = options.always_allow_get = options.always_allow_move = true;
  options.accepted_transfer_syntaxes = accepted_transfer_syntaxes({"*"});
  return options;
}

Modality modality_at(uint16_t port, const std::string& aet = "SERVER") {
  Modality modality;
  modality.name = "server";
  modality.aet = aet;
  modality.host = "127.0.0.1";
  modality.port = port;
  return modality;
}

// An archive with its DICOM server.
struct Peer {
  explicit Peer(ServerOptions options = open_options()) {
    set_up_once();
    server = std::make_unique<Server>(std::move(options), archive.ingest());
    server->start();
  }
  Target target(const ScuOptions& options, uint32_t timeout_s = 20) const {
    return make_target(modality_at(server->port()), options, {"", "", "", 0, timeout_s});
  }
  uint64_t instances() { return archive.ingest().snapshot().totals().instances; }

  Archive archive;
  std::unique_ptr<Server> server;
};

// Who calls.
struct Caller {
  explicit Caller(ScuOptions options = {}) : scu(std::move(options), archive.ingest()) { set_up_once(); }

  std::vector<index::PublicId> store(int patient, int count) {
    std::vector<index::PublicId> ids;
    for (int i = 1; i <= count; ++i) ids.push_back(archive.store(instance_file(patient, i)).instance);
    return ids;
  }

  Archive archive;
  Scu scu;
};

std::string identifier(const std::vector<std::pair<DcmTagKey, std::string>>& values) {
  DcmDataset data_set;
  for (const auto& [tag, value] : values) data_set.putAndInsertString(tag, value.c_str());
  return encode_data_set(data_set, kExplicit);
}

std::string study_query(const std::string& patient) {
  return identifier({{DcmTagKey(0x0008, 0x0052), "STUDY"},
                     {DcmTagKey(0x0010, 0x0020), patient},
                     {DcmTagKey(0x0020, 0x000d), ""}});
}

template <typename Function>
Error error_of(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  return Error(HILUM_OK, 0, "no error", "");
}

TEST(Scu, Echo) {
  Peer peer;
  Caller caller;
  caller.scu.echo(peer.target(caller.scu.options()));
  EXPECT_EQ(caller.scu.idle(), 0u);  // an echo always opens its own association
}

TEST(Scu, SendsAndReusesTheAssociation) {
  Peer peer;
  ScuOptions scu_options;
  scu_options.close_delay = std::chrono::hours(1);
  Caller caller(scu_options);
  const std::vector<index::PublicId> ids = caller.store(1, 5);
  for (int round = 0; round < 2; ++round) {
    const auto sender = caller.scu.open_sender(peer.target(caller.scu.options()));
    sender->announce(ids);
    for (const index::PublicId& id : ids) {
      Sent sent;
      sender->send(id, &sent);
      EXPECT_EQ(sent.status, 0);
      EXPECT_EQ(sent.transfer_syntax, kExplicit);
      EXPECT_FALSE(sent.transcoded);
      EXPECT_GT(sent.bytes, 64u);
    }
  }
  EXPECT_EQ(peer.instances(), 5u);
  EXPECT_EQ(peer.server->counters().associations_total, 1u);
  EXPECT_EQ(caller.scu.idle(), 1u);
  caller.scu.close_idle();
  EXPECT_EQ(caller.scu.idle(), 0u);
}

TEST(Scu, SendsWhatIsTheSameBitForBit) {
  Peer peer;
  Caller caller;
  const std::string file = instance_file(3, 1, 3000000);  // more than one chunk, from a file of its own
  const index::PublicId id = caller.archive.store(file).instance;
  Sent sent;
  caller.scu.open_sender(peer.target(caller.scu.options()))->send(id, &sent);
  const auto stored = peer.archive.find(id);
  ASSERT_TRUE(stored);
  const std::string received = peer.archive.file_of(*stored);
  EXPECT_EQ(received.substr(received.size() - sent.bytes), file.substr(file.size() - sent.bytes));
  EXPECT_EQ(peer.archive.metadata(*stored, HILUM_METADATA_SOP_CLASS), "1.2.840.10008.5.1.4.1.1.7");
}

TEST(Scu, SendsFilesThatAreNotStored) {
  Peer peer;
  Caller caller;
  const auto sender = caller.scu.open_sender(peer.target(caller.scu.options()), {false, "ORIGIN", 7});
  const std::string file = instance_file(4, 1);
  Sent sent;
  sender->send_file(dicom::ByteSource(file.data(), file.size()), &sent);
  EXPECT_EQ(sent.sop_instance, "1.4.1.1");
  const std::string junk = "junk";
  EXPECT_EQ(error_of([&] { sender->send_file(dicom::ByteSource(junk.data(), junk.size()), &sent); }).code(),
            HILUM_E_BAD_FORMAT);
  EXPECT_EQ(error_of([&] { sender->send(index::PublicId(), &sent); }).code(), HILUM_E_UNKNOWN_RESOURCE);
  sender->send_file(dicom::ByteSource(file.data(), file.size()), &sent);  // it can be used further
  EXPECT_EQ(peer.instances(), 1u);
}

TEST(Scu, AnAssociationThatThePeerHasEndedIsOpenedAgain) {
  ServerOptions options = open_options();
  auto peer = std::make_unique<Peer>(options);
  Caller caller;
  const std::vector<index::PublicId> ids = caller.store(1, 2);
  const Target target = peer->target(caller.scu.options());
  const auto sender = caller.scu.open_sender(target);
  Sent sent;
  sender->send(ids[0], &sent);
  options.port = peer->server->port();
  peer.reset();
  peer = std::make_unique<Peer>(options);
  sender->send(ids[1], &sent);
  EXPECT_EQ(peer->instances(), 1u);
}

TEST(Scu, WhatThePeerDoesNotAcceptIsRefused) {
  ServerOptions options = open_options();
  options.accepted_sop_classes = {"1.2.840.10008.5.1.4.1.1.4"};
  Peer peer(options);
  Caller caller;
  const std::vector<index::PublicId> ids = caller.store(1, 1);
  const auto sender = caller.scu.open_sender(peer.target(caller.scu.options()));
  Sent sent;
  const Error error = error_of([&] { sender->send(ids[0], &sent); });
  EXPECT_EQ(error.code(), HILUM_E_NETWORK);
  EXPECT_NE(error.details().find("No valid presentation context"), std::string::npos) << error.details();
}

TEST(Scu, OtherUncompressedSyntaxesNeedTranscoding) {
  ServerOptions options = open_options();
  options.accepted_transfer_syntaxes = {kImplicit};
  Peer peer(options);
  Caller caller;
  const std::vector<index::PublicId> ids = caller.store(1, 1);
  Sent sent;
  const Error none =
      error_of([&] { caller.scu.open_sender(peer.target(caller.scu.options()))->send(ids[0], &sent); });
  EXPECT_EQ(none.code(), HILUM_E_NOT_IMPLEMENTED);  // there are no codecs yet
  const Error forbidden = error_of([&] {
    SendOptions as_it_is;
    as_it_is.no_transcoding = true;
    caller.scu.open_sender(peer.target(caller.scu.options()), as_it_is)->send(ids[0], &sent);
  });
  EXPECT_EQ(forbidden.code(), HILUM_E_NETWORK);

  class NoFrameCodecs : public dicom::FrameCodecs {
    bool can_decode(std::string_view) const override { return false; }
    bool can_encode(std::string_view) const override { return false; }
    dicom::DecodedFrame decode(std::string_view, const dicom::PixelFormat&, std::string_view) const override {
      throw Error(HILUM_E_NOT_IMPLEMENTED);
    }
    dicom::EncodedFrame encode(std::string_view, const dicom::DecodedFrame&, int) const override {
      throw Error(HILUM_E_NOT_IMPLEMENTED);
    }
  } const codecs;
  caller.scu.set_codecs(&codecs);
  const index::PublicId id =
      caller.archive
          .store(ingest::testing::dicom_file({{0x00080016, {"UI", "1.2.840.10008.5.1.4.1.1.7"}},
                                              {0x00080018, {"UI", "1.5.1.1"}},
                                              {0x00100020, {"LO", "P5"}},
                                              {0x0020000d, {"UI", "1.5"}},
                                              {0x0020000e, {"UI", "1.5.1"}}}))
          .instance;
  caller.scu.open_sender(peer.target(caller.scu.options()))->send(id, &sent);
  EXPECT_TRUE(sent.transcoded);
  EXPECT_EQ(sent.transfer_syntax, kImplicit);
  EXPECT_EQ(sent.sop_instance, "1.5.1.1");
  EXPECT_EQ(peer.instances(), 1u);
}

TEST(Scu, FindGivesMatchesAndCanBeCancelled) {
  Peer peer;
  Caller caller;
  for (int i = 1; i <= 3; ++i) peer.archive.store(instance_file(i, 1));
  const Target target = peer.target(caller.scu.options());
  int matches = 0;
  caller.scu.find(target, QueryModel::kStudyRoot, study_query("P2"), [&](std::string_view match) {
    const dicom::ParsedInstance parsed =
        dicom::parse_data_set(dicom::ByteSource(match.data(), match.size()), kExplicit, {true});
    OFString uid;
    parsed.data_set().findAndGetOFString(DcmTagKey(0x0020, 0x000d), uid);
    EXPECT_EQ(uid, "1.2");
    ++matches;
    return true;
  });
  EXPECT_EQ(matches, 1);
  const Error cancelled = error_of([&] {
    caller.scu.find(target, QueryModel::kStudyRoot, study_query(""), [](std::string_view) { return false; });
  });
  EXPECT_EQ(cancelled.code(), HILUM_E_CANCELED_JOB);
  const Error refused = error_of([&] {
    caller.scu.find(target, QueryModel::kStudyRoot, identifier({{DcmTagKey(0x0008, 0x0052), "NONSENSE"}}),
                    [](std::string_view) { return true; });
  });
  EXPECT_EQ(refused.code(), HILUM_E_NETWORK);
  EXPECT_EQ(refused.http_status(), 422);
  EXPECT_EQ(error_of([&] {
              caller.scu.find(target, QueryModel::kStudyRoot, "junk", [](std::string_view) { return true; });
            }).code(),
            HILUM_E_BAD_FORMAT);
  // A worklist that nobody provides.
  EXPECT_EQ(error_of([&] {
              caller.scu.find(target, QueryModel::kWorklist, study_query(""),
                              [](std::string_view) { return true; });
            }).code(),
            HILUM_E_FIND_NOT_SUPPORTED);
}

TEST(Scu, GetStoresWhatComes) {
  Peer peer;
  Scu of_peer({}, peer.archive.ingest());
  peer.server->set_scu(of_peer);
  Caller caller;
  for (int i = 1; i <= 4; ++i) peer.archive.store(instance_file(1, i));
  const std::string query =
      identifier({{DcmTagKey(0x0008, 0x0052), "STUDY"}, {DcmTagKey(0x0020, 0x000d), "1.1"}});
  RetrieveProgress progress;
  int received = 0;
  caller.scu.get(
      peer.target(caller.scu.options()), QueryModel::kStudyRoot, query, {},
      [&](const ingest::Stored& stored) {
        ++received;
        return stored.outcome == ingest::Outcome::kStored;
      },
      {}, &progress);
  EXPECT_EQ(received, 4);
  EXPECT_EQ(progress.status, 0);
  EXPECT_EQ(progress.completed, 4u);
  EXPECT_EQ(caller.archive.ingest().snapshot().totals().instances, 4u);
}

TEST(Scu, MoveReportsProgress) {
  Peer receiver;
  ServerOptions options = open_options();
  const auto known =
      std::make_shared<const Modalities>(Modalities{modality_at(receiver.server->port(), "SINK")});
  options.modalities = [known] { return known; };
  Peer peer(options);
  Scu of_peer({}, peer.archive.ingest());
  peer.server->set_scu(of_peer);
  for (int i = 1; i <= 3; ++i) peer.archive.store(instance_file(1, i));
  Caller caller;
  const std::string query =
      identifier({{DcmTagKey(0x0008, 0x0052), "STUDY"}, {DcmTagKey(0x0020, 0x000d), "1.1"}});
  RetrieveProgress progress;
  uint32_t most = 0;
  caller.scu.move(
      peer.target(caller.scu.options()), QueryModel::kStudyRoot, query, "SINK",
      [&](const RetrieveProgress& so_far) {
        most = std::max(most, so_far.completed);
        return true;
      },
      &progress);
  EXPECT_EQ(progress.completed, 3u);
  EXPECT_GT(most, 0u);
  EXPECT_EQ(receiver.instances(), 3u);
  const Error unknown = error_of([&] {
    caller.scu.move(peer.target(caller.scu.options()), QueryModel::kStudyRoot, query, "NOBODY", {},
                    &progress);
  });
  EXPECT_EQ(unknown.http_status(), 422);
  EXPECT_EQ(progress.status, 0xc000);
  peer.server->stop(std::chrono::milliseconds(0));
}

// Accepts connections, reads a little, says something, and either closes or waits for the end.
class Rogue {
 public:
  Rogue(std::string says, bool closes)
      : listener_(listen_on("127.0.0.1", 0)),
        says_(std::move(says)),
        closes_(closes),
        thread_([this] { run(); }) {}
  ~Rogue() {
    stopping_ = true;
    thread_.join();
  }
  Rogue(const Rogue&) = delete;
  Rogue& operator=(const Rogue&) = delete;
  uint16_t port() const { return local_port(listener_.get()); }

 private:
  void run() {
    std::vector<UniqueFd> open;
    while (!stopping_) {
      pollfd fd{listener_.get(), POLLIN, 0};
      if (poll(&fd, 1, 20) <= 0) continue;
      UniqueFd socket(accept(listener_.get(), nullptr, nullptr));
      char bytes[65536];
      if (recv(socket.get(), bytes, sizeof bytes, 0) <= 0) continue;
      if (send(socket.get(), says_.data(), says_.size(), MSG_NOSIGNAL) < 0) continue;
      if (!closes_) open.push_back(std::move(socket));
    }
  }
  UniqueFd listener_;
  const std::string says_;
  const bool closes_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// An A-ASSOCIATE-AC that accepts the first context with implicit little endian.
std::string accept_verification() {
  std::string body(68, '\0');
  body += std::string("\x21\0\0\x19\1\0\0\0\x40\0\0\x11", 12) + "1.2.840.10008.1.2";
  body += std::string("\x50\0\0\x08\x51\0\0\4\0\0\x40\0", 12);
  std::string pdu("\2\0", 2);
  append_be(pdu, static_cast<uint32_t>(body.size()));
  return pdu + body;
}

TEST(Scu, RoguePeersGiveNetworkErrors) {
  Caller caller;
  const std::string accepted = accept_verification();
  const std::string lying_pdv("\4\0\0\0\0\x0a\xff\xff\xff\xff\1\3\0\0\0\0", 16);
  const std::string not_a_command("\4\0\0\0\0\x0a\0\0\0\6\1\3junk", 16);
  const std::string data_first("\4\0\0\0\0\x0a\0\0\0\6\1\2junk", 16);
  const std::string abort("\7\0\0\0\0\4\0\0\0\0", 10);
  const std::string release("\5\0\0\0\0\4\0\0\0\0", 10);
  std::string empty_fragments;
  for (int i = 0; i < 2000; ++i) empty_fragments += std::string("\4\0\0\0\0\6\0\0\0\2\1\1", 12);
  for (const std::string& says :
       {accepted + empty_fragments, std::string(), std::string("HTTP/1.1 400 Bad Request\r\n\r\n"),
        std::string("\2\0\xff\xff\xff\xff", 6), std::string("\2\0\0\0\0\2xx", 8),
        std::string("\3\0\0\0\0\4\0\1\1\7", 10), abort, accepted, accepted + lying_pdv,
        accepted + not_a_command, accepted + data_first, accepted + abort, accepted + release,
        accepted + std::string("\x99\0\0\0\0\4", 6)}) {
    const Rogue rogue(says, true);
    const Target target = make_target(modality_at(rogue.port()), caller.scu.options(), {"", "", "", 0, 20});
    EXPECT_EQ(error_of([&] { caller.scu.echo(target); }).code(), HILUM_E_NETWORK);
  }
}

TEST(Scu, SilentPeersEndTheCall) {
  Caller caller;
  const Rogue silent("", false);
  const Modality modality = modality_at(silent.port());
  const Error late = error_of([&] {
    caller.scu.echo(make_target(modality, caller.scu.options(), {"", "", "", 0, 1}));
  });
  EXPECT_EQ(late.code(), HILUM_E_NETWORK);
  EXPECT_NE(late.details().find("within 1 s"), std::string::npos) << late.details();
  Target unwanted = make_target(modality, caller.scu.options(), {"", "", "", 0, 0});
  std::atomic<int> asked{0};
  unwanted.still_wanted = [&] { return ++asked < 3; };
  EXPECT_EQ(error_of([&] { caller.scu.echo(unwanted); }).code(), HILUM_E_CANCELED_JOB);
}

TEST(Scu, NobodyListens) {
  Caller caller;
  uint16_t port;
  {
    const UniqueFd once = listen_on("127.0.0.1", 0);
    port = local_port(once.get());
  }
  const Error error =
      error_of([&] { caller.scu.echo(make_target(modality_at(port), caller.scu.options())); });
  EXPECT_EQ(error.code(), HILUM_E_NETWORK);
  EXPECT_NE(error.details().find("SERVER@127.0.0.1"), std::string::npos) << error.details();
}

TEST(Target, OverridesWin) {
  ScuOptions options;
  options.aet = "ME";
  options.timeout = std::chrono::seconds(10);
  Modality modality = modality_at(104);
  EXPECT_EQ(make_target(modality, options).modality.local_aet, "ME");
  EXPECT_EQ(make_target(modality, options).timeout, std::chrono::seconds(10));
  modality.local_aet = "SPECIAL";
  modality.timeout_s = 3;
  EXPECT_EQ(make_target(modality, options).modality.local_aet, "SPECIAL");
  EXPECT_EQ(make_target(modality, options).timeout, std::chrono::seconds(3));
  const Target all = make_target(modality, options, {"PAYLOAD", "CALLED", "host", 11112, 0});
  EXPECT_EQ(all.modality.local_aet, "PAYLOAD");
  EXPECT_EQ(all.where(), "CALLED@host:11112");
  EXPECT_EQ(all.timeout.count(), 0);
  EXPECT_THROW(make_target(modality, options, {"12345678901234567", "", "", 0, {}}), Error);
}

}  // namespace
}  // namespace hilum::dimse
