// DICOM over TLS: certificates, protocol versions and ciphers of both directions (PS3.15 annex B.9 and B.10, BCP 195).
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace hilum::dimse {

// The DicomTls* options.
struct TlsSettings {
  bool is_enabled = false;           // for those who call us; modalities say so one by one
  std::string certificate;           // PEM file: ours, then those of its issuers
  std::string private_key;           // PEM file without a password
  std::string trusted_certificates;  // PEM file
  bool remote_certificate_required = true;
  int minimum_protocol =
      0;  // 0: BCP 195; 1 SSL 3 (not to be had), 2 TLS 1.0, 3 TLS 1.1, 4 TLS 1.2, 5 TLS 1.3
  std::vector<std::string> ciphers;  // OpenSSL's names; empty: those of BCP 195
};

enum class TlsRole { kServer, kClient };

// One direction, ready for connections. Immutable; safe from every thread.
//
// A server asks for a certificate exactly if remote_certificate_required is set, and then takes nobody without a trusted one. A
// client wants the server's certificate to be trusted if there is a list of trusted ones; without that list it refuses to be
// made, unless remote_certificate_required is off. Names in certificates are not compared with hosts: DICOM's profiles do not
// ask for that, and devices are mostly known by address.
class TlsContext {
 public:
  // Throws HILUM_E_OUT_OF_RANGE that names the option, the file and what is wrong with it.
  TlsContext(const TlsSettings& settings, TlsRole role);
  SSL_CTX* get() const { return context_.get(); }
  TlsRole role() const { return role_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
  TlsRole role_;
};

// The client's direction, made when it is first needed: who never calls a modality over TLS needs no certificates. Thread-safe.
class ClientTls {
 public:
  explicit ClientTls(TlsSettings settings) : settings_(std::move(settings)) {}
  std::shared_ptr<const TlsContext> context() const;  // throws like TlsContext, each time anew

 private:
  const TlsSettings settings_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const TlsContext> made_;
};

// What OpenSSL's queue of this thread says, emptied; `otherwise` if it says nothing.
std::string take_openssl_reason(const char* otherwise);

}  // namespace hilum::dimse
