// Names and numbers of metadata.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace hilum::rest {

inline constexpr int32_t kFirstUserMetadata = 1024;
inline constexpr int32_t kLastUserMetadata = 65535;

inline bool is_user_metadata(int64_t key) { return key >= kFirstUserMetadata && key <= kLastUserMetadata; }

// The server's own names and those of the option `UserMetadata`. Built once, then only read: any thread.
class MetadataNames {
 public:
  // `user_metadata` is the option's JSON object, name to number. Throws HILUM_E_OUT_OF_RANGE, naming the
  // entry, for a name that is a number or taken, a number that is taken or not a user's.
  explicit MetadataNames(std::string_view user_metadata);

  // A name, or any integer as text. Throws HILUM_E_INEXISTENT_ITEM for a name that nobody knows,
  // HILUM_E_BAD_TYPE for a number that is out of all bounds.
  int32_t key_of(std::string_view name) const;
  // The name, or the number as text if it has none.
  std::string name_of(int32_t key) const;

 private:
  void add(std::string name, int32_t key);

  std::map<std::string, int32_t, std::less<>> keys_;
  std::map<int32_t, std::string> names_;
};

}  // namespace hilum::rest
