// Makes text from outside harmless in a log line: one line stays one line, and a terminal obeys nothing in
// it.
#pragma once

#include <string>
#include <string_view>

namespace hilum {

// Appends `text`; control characters (C0, DEL, C1) and bytes that are not UTF-8 become \n, \r, \t or \xNN.
void append_escaped(std::string& out, std::string_view text);

}  // namespace hilum
