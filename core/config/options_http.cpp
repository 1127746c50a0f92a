// Options: the HTTP server, its security, and outgoing HTTP requests.
#include "core/config/option_tables.h"

namespace hilum::config {

OptionTable http_options() {
  return {
      boolean("HttpServerEnabled", true, "Serves the REST API."),
      integer("HttpPort", 8042, "TCP port of the REST API.").between(1, 65535),
      list("HttpBindAddresses", OptionType::kTextList, "[]",
           "Addresses on which to listen. Empty: all addresses with RemoteAccessAllowed, else the "
           "loopback ones."),
      integer("HttpThreadsCount", 50, "Requests that are worked on at the same time.").between(1, 10000),
      integer("HttpIoThreadsCount", 2, "Threads that move bytes to and from HTTP clients.").between(1, 64),
      boolean("HttpDescribeErrors", true, "Explains errors in a JSON body. False: the status alone."),
      boolean("HttpCompressionEnabled", false,
              "Compresses answers (gzip, deflate) for clients that accept it. Of use on slow networks "
              "only."),
      integer("PngCompressionLevel", 1,
              "How hard PNG answers are compressed: 1 is made for speed, 9 gives the smallest files, 6 is "
              "what libpng does by default, 0 does not compress.")
          .between(0, 9)
          .owned_by("images"),
      integer("HttpRequestTimeout", 30,
              "Time after which a client that sends or takes nothing is disconnected.")
          .in("s")
          .between(1, 86400),
      boolean("KeepAlive", true, "Lets clients send several requests over one connection."),
      integer("KeepAliveTimeout", 1, "How long a connection may wait for its next request.")
          .in("s")
          .between(1, 86400),
      boolean("TcpNoDelay", true, "Sends small answers at once (no Nagle algorithm)."),
      integer("MaximumRequestBodySizeMB", 8192,
              "Largest body of a request; 0: no limit. Bodies that do not fit in memory go through "
              "TemporaryDirectory.")
          .in("MB")
          .between(0, 1 << 30),
      integer("MaximumFileSizeInArchiveMB", 4096,
              "Largest file that is taken out of an uploaded ZIP archive; 0: no limit.")
          .in("MB")
          .between(0, 1 << 30),
      boolean("OrthancExplorerEnabled", true, "Serves the built-in user interface under /app.")
          .owned_by("explorer"),
      boolean("WebDavEnabled", true, "Serves the content as network folders under /webdav.")
          .owned_by("webdav")
          .unused(),
      boolean("WebDavDeleteAllowed", false, "Lets WebDAV clients delete.").owned_by("webdav").unused(),
      boolean("WebDavUploadAllowed", true, "Lets WebDAV clients upload.").owned_by("webdav").unused(),
  };
}

OptionTable http_security_options() {
  return {
      boolean("RemoteAccessAllowed", false,
              "False serves clients on this machine only. True serves the network; declare "
              "RegisteredUsers as well, and use TLS."),
      boolean("AuthenticationEnabled", false, "Asks for a user name and a password (HTTP Basic).")
          .as("RemoteAccessAllowed"),
      section("RegisteredUsers",
              "Accounts, as \"user\": \"password\". There is no account by default, so nobody can log "
              "in before one is declared. Keep passwords out of the file: \"${HILUM_PASSWORD}\" takes "
              "one from the environment."),
      boolean("SslEnabled", false, "Serves HTTPS in place of HTTP."),
      path("SslCertificate", "certificate.pem",
           "PEM file with the certificate of the server and its private key."),
      integer("SslMinimumProtocolVersion", 4,
              "Oldest protocol: 4 is TLS 1.2, 5 is TLS 1.3. 0 to 3 are accepted and mean TLS 1.2, for "
              "what they stand for is broken.")
          .between(0, 5),
      list("SslCiphersAccepted", OptionType::kTextList, "[]",
           "Ciphers to offer, by their OpenSSL names. Empty: OpenSSL's own choice."),
      boolean("SslVerifyPeers", false, "Serves only clients that show a certificate that is trusted."),
      path("SslTrustedClientCertificates", "trustedClientCertificates.pem",
           "PEM file with the certificates of the clients, or of those who sign them."),
      boolean("ExecuteLuaEnabled", false,
              "Lets clients run Lua programs on the server (/tools/execute-script). Whoever can do "
              "that can do anything: leave it off.")
          .owned_by("lua"),
      boolean("RestApiWriteToFileSystemEnabled", false,
              "Lets clients write files to any folder of the server (/instances/{id}/export).")
          .owned_by("resources"),
  };
}

OptionTable outgoing_http_options() {
  return {
      section("OrthancPeers",
              "Other servers with this REST API, as \"name\": [\"URL\", \"user\", \"password\"], or as "
              "an object with Url, Username, Password, HttpHeaders, CertificateFile, "
              "CertificateKeyFile, CertificateKeyPassword, Pkcs11, Timeout.")
          .owned_by("peers"),
      boolean("OrthancPeersInDatabase", false,
              "Keeps peers in the index, so that changes by REST survive; OrthancPeers is then ignored.")
          .owned_by("peers"),
      text("HttpProxy", "", "Proxy for outgoing requests, as \"[user:password@]host:port\".")
          .owned_by("peers"),
      boolean("HttpVerbose", false, "Logs outgoing requests in detail.").owned_by("peers"),
      integer("HttpTimeout", 60, "Time limit of outgoing requests; 0: none.")
          .in("s")
          .between(0, 86400)
          .owned_by("peers"),
      boolean("HttpsVerifyPeers", true, "Checks the certificates of other servers.").owned_by("peers"),
      path("HttpsCACertificates", "",
           "PEM file with the authorities to trust for outgoing requests. Empty: those of the "
           "operating system.")
          .owned_by("peers"),
      section("Pkcs11", "Client certificates on a smart card: Module, Pin, Verbose.")
          .owned_by("peers")
          .unused(),
  };
}

}  // namespace hilum::config
