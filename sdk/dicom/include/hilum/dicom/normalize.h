// Texts made comparable: search keys and case folding.
#pragma once

#include <string>
#include <string_view>

namespace hilum::dicom {

// A search key: upper case, accents folded ("Müller" and "MULLER" give the same), '%' and '_' as spaces,
// control characters dropped, surrounding spaces stripped. UTF-8 in, UTF-8 out; scripts without case keep
// their letters.
std::string normalize_identifier(std::string_view utf8);

// Unicode full case folding, for comparisons that ignore case (accents count).
std::string fold_case(std::string_view utf8);

// Without leading and trailing spaces (and NULs).
std::string_view strip_spaces(std::string_view text);

}  // namespace hilum::dicom
