// Names of the types of changes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::changes {

// The number as text for a type that has no name here.
std::string name_of(uint32_t type);

// Names separated by semicolons; empty ones are passed over. Throws HILUM_E_OUT_OF_RANGE for a name that no
// change has.
std::vector<uint32_t> types_of(std::string_view names);

}  // namespace hilum::changes
