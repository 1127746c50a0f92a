#include "core/ingest/md5.h"

#include <hilum/cpp/error.h>
#include <openssl/evp.h>

namespace hilum::ingest {
namespace {

const EVP_MD* algorithm() {
  // Fetching it by name for every hash costs more than hashing a small file.
  static const EVP_MD* const md5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  if (md5 == nullptr) {
    throw Error(HILUM_E_INTERNAL, "OpenSSL has no MD5; set StoreMD5ForAttachments to false");
  }
  return md5;
}

}  // namespace

void Md5::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Md5::Md5() : context_(EVP_MD_CTX_new()) {
  if (!context_ || EVP_DigestInit_ex(context_.get(), algorithm(), nullptr) != 1) {
    throw Error(HILUM_E_INTERNAL, "MD5 cannot be computed");
  }
}

void Md5::add(const void* data, size_t size) {
  if (EVP_DigestUpdate(context_.get(), data, size) != 1) {
    throw Error(HILUM_E_INTERNAL, "MD5 cannot be computed");
  }
}

Md5Value Md5::finish() {
  Md5Value value{};
  if (EVP_DigestFinal_ex(context_.get(), value.data(), nullptr) != 1) {
    throw Error(HILUM_E_INTERNAL, "MD5 cannot be computed");
  }
  return value;
}

Md5Value md5_of(std::string_view bytes) {
  Md5 md5;
  md5.add(bytes.data(), bytes.size());
  return md5.finish();
}

}  // namespace hilum::ingest
