// JSON answers as XML, for clients that ask for application/xml.
#pragma once

#include <string>
#include <string_view>

namespace hilum::http {

// <root> holds the value; an object's key becomes an element (<item key="..."> where XML does not allow the
// name), an array's members become <item>. Throws HILUM_E_BAD_JSON.
std::string json_to_xml(std::string_view json);

}  // namespace hilum::http
