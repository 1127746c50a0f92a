// MD5 of attachments, as the REST API shows it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

struct evp_md_ctx_st;

namespace hilum::ingest {

using Md5Value = std::array<uint8_t, 16>;

// One hash; one thread.
class Md5 {
 public:
  Md5();
  void add(const void* data, size_t size);
  Md5Value finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

Md5Value md5_of(std::string_view bytes);

}  // namespace hilum::ingest
