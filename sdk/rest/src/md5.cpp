#include <hilum/cpp/error.h>
#include <hilum/rest/md5.h>
#include <openssl/evp.h>

namespace hilum::rest {

namespace {

void require(bool success) {
  if (!success) throw Error(HILUM_E_INTERNAL, "MD5 is not available");
}

}  // namespace

Md5::Md5() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  require(context_ && EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr) == 1);
}

void Md5::update(const void* bytes, size_t size) {
  require(EVP_DigestUpdate(context_.get(), bytes, size) == 1);
}

std::string Md5::finish() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(context_.get(), digest, &size) == 1);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < size; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

}  // namespace hilum::rest
