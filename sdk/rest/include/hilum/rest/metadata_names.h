// Names and numbers of metadata.
#pragma once

#include <hilum/rest/numbered_names.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::rest {

inline constexpr int32_t kFirstUserMetadata = kFirstUserNumber;
inline constexpr int32_t kLastUserMetadata = kLastUserNumber;

inline bool is_user_metadata(int64_t key) { return key >= kFirstUserMetadata && key <= kLastUserMetadata; }

// The server's own names and those of the option `UserMetadata`. Built once, then only read: any thread.
class MetadataNames {
 public:
  // `user_metadata` is the option's JSON object, name to number. Throws as NumberedNames.
  explicit MetadataNames(std::string_view user_metadata);

  // A name, or any integer as text; throws as NumberedNames::number_of.
  int32_t key_of(std::string_view name) const { return names_.number_of(name); }
  // The name, or the number as text if it has none.
  std::string name_of(int32_t key) const { return names_.name_of(key); }

 private:
  NumberedNames names_;
};

}  // namespace hilum::rest
