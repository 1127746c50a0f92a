// multipart/form-data (RFC 7578) and its relatives, read piece by piece.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/request.h"

namespace hilum::http {

// What the parser reports, in order: for each part begin, any number of data, end.
struct MultipartEvents {
  std::function<void(Fields headers)> begin;
  std::function<void(std::string_view piece)> data;
  std::function<void()> end;
};

// Incremental and bounded: it keeps at most one part's head or one delimiter. Throws HILUM_E_BAD_REQUEST for
// what is no multipart body. One thread at a time.
class MultipartParser {
 public:
  static constexpr size_t kMaxParts = 100000;
  static constexpr size_t kMaxHeadSize = 16 * 1024;
  static constexpr size_t kMaxPartFields = 32;

  MultipartParser(std::string_view boundary, MultipartEvents events);
  void feed(std::string_view piece);
  // The body has ended; throws if the closing delimiter has not come.
  void finish();

 private:
  enum class State { kPreamble, kAfterDelimiter, kHead, kDataStart, kData, kEpilogue };
  bool step();
  bool read_delimiter_end();
  bool read_head();
  bool read_data_start();
  bool read_until_delimiter();

  std::string delimiter_;  // CRLF "--" boundary
  MultipartEvents events_;
  State state_ = State::kPreamble;
  std::string buffer_;
  size_t parts_ = 0;
};

// Value of a parameter of a header value such as: form-data; name="a"; filename="b.dcm".
std::optional<std::string> header_parameter(std::string_view value, std::string_view name);

// The boundary if `content_type` is multipart/form-data. Throws HILUM_E_BAD_REQUEST if it is but has no
// proper boundary.
std::optional<std::string> form_boundary(std::string_view content_type);

}  // namespace hilum::http
