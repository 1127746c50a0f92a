#include "core/dimse/tls.h"

#include <hilum/cpp/error.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace hilum::dimse {
namespace {

// BCP 195 (RFC 9325, section 4.2): forward secrecy and authenticated encryption. Those of TLS 1.3 all are that.
constexpr const char* kBcp195Ciphers =
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256:"
    "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256";

[[noreturn]] void refuse(const std::string& what) { throw Error(HILUM_E_OUT_OF_RANGE, what); }

std::string in_file(const char* option, const std::string& file) {
  return std::string(option) + " \"" + file + "\": ";
}

void check_file(const char* option, const std::string& file, const char* what_for) {
  if (file.empty()) {
    refuse(std::string("DICOM TLS needs ") + option + ", a PEM file with " + what_for);
  }
  if (access(file.c_str(), F_OK) != 0) {
    refuse(in_file(option, file) + "there is no such file");
  }
  if (access(file.c_str(), R_OK) != 0) {
    refuse(in_file(option, file) + "the file cannot be read by this user");
  }
}

void use_certificate(SSL_CTX* context, const std::string& file) {
  constexpr const char* kOption = "DicomTlsCertificate";
  check_file(kOption, file, "our certificate");
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1) {
    refuse(in_file(kOption, file) + "no usable PEM certificate (" + take_openssl_reason("malformed") + ")");
  }
  X509* certificate = SSL_CTX_get0_certificate(context);
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
    refuse(in_file(kOption, file) + "the certificate has expired");
  }
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
    refuse(in_file(kOption, file) + "the certificate is not yet valid; is the clock of this machine right?");
  }
}

void use_private_key(SSL_CTX* context, const std::string& file, const std::string& certificate) {
  constexpr const char* kOption = "DicomTlsPrivateKey";
  check_file(kOption, file, "the private key of our certificate");
  // Nobody is there to type a password.
  bool asked = false;
  SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void* was_asked) {
    *static_cast<bool*>(was_asked) = true;
    return -1;
  });
  const bool usable = SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  SSL_CTX_set_default_passwd_cb(context, nullptr);
  if (asked) {
    refuse(in_file(kOption, file) + "the key is protected by a password; store it without one");
  }
  const unsigned long error = ERR_peek_error();
  if (ERR_GET_LIB(error) == ERR_LIB_X509 && ERR_GET_REASON(error) == X509_R_KEY_VALUES_MISMATCH) {
    ERR_clear_error();
    refuse(in_file(kOption, file) + "the key does not belong to the certificate in \"" + certificate + "\"");
  }
  if (!usable) {
    refuse(in_file(kOption, file) + "no usable PEM private key (" + take_openssl_reason("malformed") + ")");
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    refuse(in_file(kOption, file) + "the key does not belong to the certificate in \"" + certificate + "\"");
  }
}

void use_trusted(SSL_CTX* context, const std::string& file, TlsRole role) {
  constexpr const char* kOption = "DicomTlsTrustedCertificates";
  check_file(kOption, file, "the certificates that the other side may show, or of those who sign them");
  if (SSL_CTX_load_verify_locations(context, file.c_str(), nullptr) != 1) {
    refuse(in_file(kOption, file) + "no usable PEM certificates (" + take_openssl_reason("malformed") + ")");
  }
  // A certificate in the list is trusted itself, although nobody there may have signed it: each device's own, as is usual
  // where there is no authority.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
  if (role == TlsRole::kServer) {
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(file.c_str()));
  }
}

int protocol_version(int option) {
  constexpr std::array<int, 6> kVersions = {TLS1_2_VERSION, 0, TLS1_VERSION, TLS1_1_VERSION, TLS1_2_VERSION,
                                            TLS1_3_VERSION};
  if (option < 0 || option > 5 || option == 1) {
    refuse(
        "DicomTlsMinimumProtocolVersion: must be 0 (BCP 195), 2 (TLS 1.0), 3 (TLS 1.1), 4 (TLS 1.2) or 5 (TLS 1.3), not " +
        std::to_string(option));
  }
  return kVersions[static_cast<size_t>(option)];
}

void use_ciphers(SSL_CTX* context, const std::vector<std::string>& names) {
  std::string old_style, tls13;
  for (const std::string& name : names) {
    // OpenSSL keeps the ciphers of TLS 1.3, whose names begin so, in a list of their own.
    std::string& list = name.rfind("TLS_", 0) == 0 ? tls13 : old_style;
    list += (list.empty() ? "" : ":") + name;
  }
  if (names.empty()) {
    old_style = kBcp195Ciphers;
  }
  if (!old_style.empty() && SSL_CTX_set_cipher_list(context, old_style.c_str()) != 1) {
    refuse("DicomTlsCiphersAccepted: OpenSSL knows none of " + old_style + " (" +
           take_openssl_reason("no cipher") + ")");
  }
  if (!tls13.empty() && SSL_CTX_set_ciphersuites(context, tls13.c_str()) != 1) {
    refuse("DicomTlsCiphersAccepted: OpenSSL does not know " + tls13 + " (" +
           take_openssl_reason("no cipher") + ")");
  }
  // Who lists ciphers of one kind only wants no others.
  if (!names.empty() && tls13.empty()) {
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  } else if (!names.empty() && old_style.empty()) {
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  }
}

}  // namespace

std::string take_openssl_reason(const char* otherwise) {
  std::string text = otherwise;
  if (const unsigned long code = ERR_get_error()) {
    const char* reason = ERR_reason_error_string(code);
    std::array<char, 256> whole{};
    ERR_error_string_n(code, whole.data(), whole.size());
    text = reason != nullptr ? reason : whole.data();
  }
  ERR_clear_error();
  return text;
}

TlsContext::TlsContext(const TlsSettings& settings, TlsRole role)
    : context_(SSL_CTX_new(role == TlsRole::kServer ? TLS_server_method() : TLS_client_method())),
      role_(role) {
  SSL_CTX* context = context_.get();
  if (context == nullptr) {
    throw Error(HILUM_E_NO_MEMORY, "TLS context (" + take_openssl_reason("no reason given") + ")");
  }
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  ERR_clear_error();
  const int version = protocol_version(settings.minimum_protocol);
  if (version < TLS1_2_VERSION) {
    SSL_CTX_set_security_level(context, 0);  // the signatures of these versions use SHA-1
  }
  SSL_CTX_set_min_proto_version(context, version);
  use_ciphers(context, settings.ciphers);
  use_certificate(context, settings.certificate);
  use_private_key(context, settings.private_key, settings.certificate);
  const bool asks = settings.remote_certificate_required ||
                    (role == TlsRole::kClient && !settings.trusted_certificates.empty());
  if (asks) {
    use_trusted(context, settings.trusted_certificates, role);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  } else {
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
  }
  SSL_CTX_set_dh_auto(context, 1);
  // Associations live long: sessions to be resumed would only be bytes on the wire behind each handshake.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

std::shared_ptr<const TlsContext> ClientTls::context() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!made_) {
    made_ = std::make_shared<const TlsContext>(settings_, TlsRole::kClient);
  }
  return made_;
}

}  // namespace hilum::dimse
