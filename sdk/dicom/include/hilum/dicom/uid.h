// New identifiers.
#pragma once

#include <string>
#include <string_view>

namespace hilum::dicom {

// A UID that nobody else has: `2.25.` and a random UUID as a decimal number (PS3.5 annex B.2). Any thread.
std::string new_uid();

// The same UID for the same name, and for no other: `2.25.` and a UUID that is made of a digest (RFC 9562 section 5.8). Any thread.
std::string name_based_uid(std::string_view name);

}  // namespace hilum::dicom
