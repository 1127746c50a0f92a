#include "core/http/status_text.h"

#include <boost/beast/http/status.hpp>
#include <ostream>  // which boost::string_view needs but does not include

namespace hilum::http {

std::string_view status_text(int status) {
  const auto known = boost::beast::http::int_to_status(static_cast<unsigned>(status));
  if (known == boost::beast::http::status::unknown) {
    return status == 507 ? "Insufficient Storage" : "Unknown";
  }
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

}  // namespace hilum::http
