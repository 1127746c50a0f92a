// MD5 (RFC 1321), piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

struct evp_md_ctx_st;  // EVP_MD_CTX of OpenSSL

namespace hilum::rest {

// One digest in the making. One thread at a time.
class Md5 {
 public:
  Md5();
  void update(const void* bytes, size_t size);
  // 32 lower hexadecimal digits of all that was given; once, at the end.
  std::string finish();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

}  // namespace hilum::rest
