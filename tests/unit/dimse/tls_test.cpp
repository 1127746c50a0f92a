#include "core/dimse/tls.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "core/dimse/acceptor.h"
#include "core/dimse/tls_door.h"

namespace hilum::dimse {
namespace {

// A certificate that signs itself, its key, and the folder that they are in.
class Pair {
 public:
  Pair() {
    char folder[] = "/tmp/hilum-tls-XXXXXX";
    folder_ = mkdtemp(folder);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("hilum"), -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_sign(certificate, key, EVP_sha256());
    FILE* file = fopen(certificate_file().c_str(), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fopen(key_file().c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  ~Pair() { std::filesystem::remove_all(folder_); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  std::string certificate_file() const { return folder_ + "/certificate.pem"; }
  std::string key_file() const { return folder_ + "/key.pem"; }
  // Both sides show this certificate and trust it.
  TlsSettings settings() const {
    TlsSettings settings;
    settings.is_enabled = true;
    settings.certificate = settings.trusted_certificates = certificate_file();
    settings.private_key = key_file();
    return settings;
  }

 private:
  std::string folder_;
};

const Pair& pair() {
  static const Pair made;
  return made;
}

std::string refusal(const TlsSettings& settings, TlsRole role) {
  try {
    TlsContext(settings, role);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(HILUM_E_OUT_OF_RANGE, error.code());
    return error.details();
  }
}

TEST(TlsTest, FirstRecord) {
  EXPECT_EQ(FirstPdu::kIncomplete, judge_first_record("", 0));
  EXPECT_EQ(FirstPdu::kIncomplete, judge_first_record(std::string_view("\x16", 1), 1));
  EXPECT_EQ(FirstPdu::kIncomplete, judge_first_record(std::string_view("\x16\x03\x01\x00\x05x", 6), 6));
  EXPECT_EQ(FirstPdu::kComplete, judge_first_record(std::string_view("\x16\x03\x01\x00\x01x", 6), 6));
  EXPECT_EQ(FirstPdu::kInvalid, judge_first_record(std::string_view("\x01\x00", 2), 2));  // an A-ASSOCIATE-RQ
  EXPECT_EQ(FirstPdu::kInvalid, judge_first_record(std::string_view("\x16\x02", 2), 2));
  EXPECT_EQ(FirstPdu::kInvalid, judge_first_record(std::string_view("\x16\x03\x01\xff\xff", 5), 5));
}

TEST(TlsTest, TrustIsNeededUnlessNothingIsRequired) {
  TlsSettings settings = pair().settings();
  settings.trusted_certificates.clear();
  for (const TlsRole role : {TlsRole::kServer, TlsRole::kClient}) {
    EXPECT_NE(std::string::npos, refusal(settings, role).find("DicomTlsTrustedCertificates"));
  }
  settings.remote_certificate_required = false;
  EXPECT_EQ("", refusal(settings, TlsRole::kServer));
  EXPECT_EQ("", refusal(settings, TlsRole::kClient));
}

TEST(TlsTest, ClientWithoutFilesFailsEachTime) {
  const ClientTls client{TlsSettings{}};
  EXPECT_THROW(client.context(), Error);
  EXPECT_THROW(client.context(), Error);
  const ClientTls good{pair().settings()};
  EXPECT_EQ(good.context(), good.context());
}

// A door with the end of a connection through it.
class DoorTest : public testing::Test {
 protected:
  void open(size_t maximum, std::chrono::milliseconds timeout) {
    door_ = std::make_unique<TlsDoor>(std::make_shared<const TlsContext>(pair().settings(), TlsRole::kServer),
                                      maximum, timeout, stop_.get(), [this](Ready&& ready) {
                                        const std::lock_guard<std::mutex> lock(mutex_);
                                        ready_.push_back(std::move(ready));
                                        came_.notify_all();
                                      });
  }
  ~DoorTest() override {
    const uint64_t one = 1;
    EXPECT_EQ(static_cast<ssize_t>(sizeof one), write(stop_.get(), &one, sizeof one));
    door_.reset();
  }
  // The client's end.
  UniqueFd admit() {
    int ends[2];
    EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
    door_->admit({UniqueFd(ends[0]), "test"});
    return UniqueFd(ends[1]);
  }
  static void shake(TlsSession& session, int socket) {
    std::string why;
    for (;;) {
      const auto state = session.handshake(&why);
      ASSERT_NE(TlsSession::Handshake::kFailed, state) << why;
      if (state == TlsSession::Handshake::kDone) return;
      pollfd fd{socket, static_cast<short>(state == TlsSession::Handshake::kWantsRead ? POLLIN : POLLOUT), 0};
      ASSERT_EQ(1, poll(&fd, 1, 30000));
    }
  }
  // The server ends the connection: something to read, and that is the end.
  static bool is_dropped(int socket) {
    pollfd fd{socket, POLLIN, 0};
    char bytes[1000];
    return poll(&fd, 1, 30000) == 1 && recv(socket, bytes, sizeof bytes, 0) <= 0;
  }

  UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<Ready> ready_;
  std::unique_ptr<TlsDoor> door_;
  const TlsContext client_{pair().settings(), TlsRole::kClient};
};

TEST_F(DoorTest, GivesBackWhoHasSaidTheRequest) {
  open(10, std::chrono::seconds(30));
  const UniqueFd socket = admit();
  TlsSession session(client_, socket.get());
  shake(session, socket.get());
  const std::string request(
      "\x01\x00\x00\x00\x00\x03"
      "abc",
      9);
  for (const char c : request) {
    ASSERT_EQ(1, session.send({&c, 1}));
  }
  std::unique_lock<std::mutex> lock(mutex_);
  ASSERT_TRUE(came_.wait_for(lock, std::chrono::seconds(60), [this] { return !ready_.empty(); }));
  TlsSession& server = *ready_.front().tls;
  EXPECT_TRUE(server.is_readable());
  char bytes[100];
  ASSERT_EQ(9, server.receive(bytes, sizeof bytes));
  EXPECT_EQ(request, std::string(bytes, 9));
  EXPECT_FALSE(server.is_readable());
  EXPECT_EQ(-1, server.receive(bytes, sizeof bytes));
}

TEST_F(DoorTest, DropsWhoTakesTooLong) {
  open(10, std::chrono::milliseconds(50));
  const UniqueFd silent = admit();
  EXPECT_TRUE(is_dropped(silent.get()));
}

TEST_F(DoorTest, DropsTheOldestOfTooMany) {
  open(2, std::chrono::hours(1));
  const UniqueFd first = admit(), second = admit(), third = admit();
  EXPECT_TRUE(is_dropped(first.get()));
  TlsSession session(client_, third.get());
  shake(session, third.get());
}

TEST_F(DoorTest, DropsWhatIsNoRequestAndNoTls) {
  open(10, std::chrono::hours(1));
  const UniqueFd socket = admit();
  TlsSession session(client_, socket.get());
  shake(session, socket.get());
  ASSERT_GT(session.send("GET / HTTP/1.1\r\n\r\n"), 0);
  char byte;
  pollfd fd{socket.get(), POLLIN, 0};
  ASSERT_EQ(1, poll(&fd, 1, 30000));
  EXPECT_EQ(0, session.receive(&byte, 1));
  const UniqueFd plain = admit();
  ASSERT_EQ(4, send(plain.get(), "\x01\x00\x00\x00", 4, 0));
  ASSERT_EQ(100, send(plain.get(), std::string(100, 'x').data(), 100, MSG_NOSIGNAL));
  pollfd end{plain.get(), POLLIN, 0};
  EXPECT_EQ(1, poll(&end, 1, 30000));  // an alert, or the end
}

}  // namespace
}  // namespace hilum::dimse
