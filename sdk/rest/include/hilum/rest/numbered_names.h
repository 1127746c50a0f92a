// Names of numbers: the server's own, and those that an option of the configuration adds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hilum::rest {

inline constexpr int32_t kFirstUserNumber = 1024;
inline constexpr int32_t kLastUserNumber = 65535;

// A table of names and numbers in both directions. Built once, then only read: any thread.
class NumberedNames {
 public:
  struct Own {
    const char* name;
    int32_t number;
  };
  // The text that an entry may have beside its number: what it is, for messages, and which are good.
  struct TextForm {
    const char* what = nullptr;
    bool (*is_valid)(const std::string& text) = nullptr;
  };
  // `what` is one of the things ("metadata"), for messages. `table` is the JSON object of the option:
  // "name": number, or "name": [number, "text"] where there is a `form`. Throws HILUM_E_OUT_OF_RANGE,
  // naming the entry, for a name that is a number or taken, a number that is taken or not a user's.
  NumberedNames(std::string what, std::string option, const std::vector<Own>& own, std::string_view table,
                const TextForm& form);

  NumberedNames(std::string what, std::string option, const std::vector<Own>& own, std::string_view table)
      : NumberedNames(std::move(what), std::move(option), own, table, TextForm()) {}

  // A name, or any integer as text. Throws HILUM_E_INEXISTENT_ITEM for a name that nobody knows,
  // HILUM_E_BAD_TYPE for a number that is out of all bounds.
  int32_t number_of(std::string_view name) const;
  // The name, or the number as text if it has none.
  std::string name_of(int32_t number) const;
  // The text that the option gives to a number; empty if there is none.
  std::string text_of(int32_t number) const;

 private:
  void add(std::string name, int32_t number);

  std::string what_;
  std::string option_;
  std::map<std::string, int32_t, std::less<>> numbers_;
  std::map<int32_t, std::string> names_;
  std::map<int32_t, std::string> texts_;
};

}  // namespace hilum::rest
