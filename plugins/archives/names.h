// What folders and files of an archive are called.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace hilum::archives {

// Two values as the name of a folder: what a file system would not take becomes a space, and without `utf8`, what is not
// ASCII vanishes. `otherwise`, if nothing is left that tells anything. Never ".", "..", empty or longer than 240 bytes.
std::string folder_name(std::string_view first, std::string_view second, std::string_view otherwise,
                        bool utf8);

// Letters of the modality, the number, ".dcm": eight characters before the dot, more only for large numbers.
std::string file_name(std::string_view modality, int64_t number);

// The names of one folder. One thread at a time.
class NameSet {
 public:
  // The name itself the first time, then with -2, -3...
  std::string unique(const std::string& name);

 private:
  std::map<std::string, unsigned> taken_;  // and how often
};

}  // namespace hilum::archives
