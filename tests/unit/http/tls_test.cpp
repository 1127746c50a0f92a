// The server under TLS, asked through OpenSSL's client side.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "core/http/server.h"

namespace hilum::http {
namespace {

// Writes a self-signed certificate and its key into one PEM file.
void write_certificate(const std::string& path) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509* x = certificate.get();
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, key.get());
  X509_NAME* name = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("hilum-test"),
                             -1, -1, 0);
  X509_set_issuer_name(x, name);
  ASSERT_GT(X509_sign(x, key.get(), EVP_sha256()), 0);
  FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  PEM_write_X509(file, x);
  PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
}

class TlsClient {
 public:
  TlsClient(uint16_t port, int max_version, const std::string& certificate = "")
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
    if (!certificate.empty()) {
      SSL_CTX_use_certificate_chain_file(context_.get(), certificate.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), certificate.c_str(), SSL_FILETYPE_PEM);
    }
    const timeval patience{5, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_fd(ssl_.get(), fd_);
    connected_ = SSL_connect(ssl_.get()) == 1;
  }
  ~TlsClient() { ::close(fd_); }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  // Everything until the server closes.
  std::string ask(const std::string& request) {
    std::string answer;
    if (!connected_ || SSL_write(ssl_.get(), request.data(), static_cast<int>(request.size())) <= 0)
      return answer;
    char buffer[16384];
    for (int n; (n = SSL_read(ssl_.get(), buffer, sizeof buffer)) > 0;)
      answer.append(buffer, static_cast<size_t>(n));
    return answer;
  }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  std::unique_ptr<SSL, Free> ssl_;
  int fd_;
  bool connected_ = false;
};

const char* const kRequest = "GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

class TlsTest : public testing::Test {
 protected:
  TlsTest() : pem(testing::TempDir() + "hilum_tls_test_" + std::to_string(::getpid()) + ".pem") {
    write_certificate(pem);
    Route route;
    route.method = Method::kGet;
    route.pattern = "/file";
    route.handler = [](Request& request, Answer& answer) {
      const std::string name = testing::TempDir() + "hilum_tls_file_" + std::to_string(::getpid());
      const int fd = ::open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      ::unlink(name.c_str());
      const std::string bytes = std::string(3000000, request.secure ? 's' : 'p') + "end";
      EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
      answer.file("text/plain", {fd, 0, bytes.size(), own_fd(fd)});
    };
    router.add(route);
    options.bind_addresses = {"127.0.0.1"};
    options.port = 0;
    options.allow_port_zero = true;
    options.tls.enabled = true;
    options.tls.certificate_file = pem;
  }
  ~TlsTest() override { ::unlink(pem.c_str()); }
  void start() {
    server = std::make_unique<Server>(options, dispatcher);
    server->start();
  }
  std::string pem;
  Router router;
  Dispatcher dispatcher{DispatcherOptions(), router};
  ServerOptions options;
  std::unique_ptr<Server> server;
};

TEST_F(TlsTest, AnswersUnderBothVersions) {
  start();
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    const std::string answer = TlsClient(server->port(), version).ask(kRequest);
    EXPECT_EQ(answer.compare(0, 12, "HTTP/1.1 200"), 0);
    EXPECT_GT(answer.size(), 3000000u);
    EXPECT_EQ(answer.substr(answer.size() - 4), "send");
  }
  EXPECT_EQ(TlsClient(server->port(), TLS1_1_VERSION).ask(kRequest), "");
}

TEST_F(TlsTest, SilentHandshakesHoldNobodyUp) {
  start();
  std::vector<int> silent;
  for (int i = 0; i < 20; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    silent.push_back(fd);
  }
  EXPECT_GT(TlsClient(server->port(), TLS1_3_VERSION).ask(kRequest).size(), 3000000u);
  for (int fd : silent) ::close(fd);
}

TEST_F(TlsTest, MinimumVersion) {
  options.tls.minimum_protocol = 5;
  start();
  EXPECT_EQ(TlsClient(server->port(), TLS1_2_VERSION).ask(kRequest), "");
  EXPECT_NE(TlsClient(server->port(), TLS1_3_VERSION).ask(kRequest), "");
}

TEST_F(TlsTest, ClientCertificates) {
  options.tls.verify_peers = true;
  options.tls.trusted_client_certificates = pem;
  start();
  EXPECT_EQ(TlsClient(server->port(), TLS1_3_VERSION).ask(kRequest), "");
  EXPECT_NE(TlsClient(server->port(), TLS1_3_VERSION, pem).ask(kRequest), "");
}

TEST_F(TlsTest, MistakesAreNamed) {
  const auto message_of = [&](const TlsOptions& tls) -> std::string {
    options.tls = tls;
    try {
      Server(options, dispatcher).start();
    } catch (const Error& error) {
      return error.details();
    }
    return "";
  };
  TlsOptions tls = options.tls;
  tls.minimum_protocol = 3;
  EXPECT_NE(message_of(tls).find("SslMinimumProtocolVersion"), std::string::npos);
  tls = options.tls;
  tls.minimum_protocol = 4;
  tls.ciphers = {"NO-SUCH-CIPHER"};
  EXPECT_NE(message_of(tls).find("SslCiphersAccepted"), std::string::npos);
  tls.ciphers = {"ECDHE-ECDSA-AES256-GCM-SHA384"};
  tls.verify_peers = true;
  tls.trusted_client_certificates = "/nonexistent";
  EXPECT_NE(message_of(tls).find("SslTrustedClientCertificates"), std::string::npos);
}

}  // namespace
}  // namespace hilum::http
