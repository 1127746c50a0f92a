// The table of all options: what each is called, what it may be, what it is by default and what it does.
// One truth for validation, for `--config` and for the hints about misspelt names.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::config {

enum class OptionType {
  kBool,
  kInt,
  kText,
  kBoolOrText,  // a text of `choices`; false means choices[0], true means choices[1]
  kPath,        // text; relative paths are relative to the folder of the configuration file
  kRawPath,   // text; relative paths are relative to the current folder (kept so for DicomTls* by tradition)
  kTextList,  // array of texts
  kPathList,  // array of paths
  kSection,   // object, read as JSON by its owner
};

enum class OptionStatus {
  kWorks,
  kUnused,   // accepted so that existing files load, has no effect yet; using it is logged
  kRenamed,  // the value is taken as that of `renamed_to`
};

struct OptionInfo {
  std::string name;  // of the top level, or "Section.Name" for an option inside a section
  OptionType type = OptionType::kText;
  std::string default_json = "null";  // JSON text; "null": no default, so get_*() needs is_set() first
  std::string documentation;          // one paragraph
  std::string owner = "core";         // "core" or the name of the plugin that reads it
  OptionStatus status = OptionStatus::kWorks;
  std::string renamed_to = {};
  std::string default_from = {};  // the default is the value of that option
  std::string unit = {};          // "MB", "s", ...
  int64_t minimum = std::numeric_limits<int64_t>::min();
  int64_t maximum = std::numeric_limits<int64_t>::max();
  std::vector<std::string> choices = {};  // of kText: the allowed values; empty: any text

  // Shorthands for tables.
  OptionInfo& in(std::string unit_name);
  OptionInfo& between(int64_t low, int64_t high);
  OptionInfo& one_of(std::vector<std::string> values);
  OptionInfo& owned_by(std::string plugin);
  OptionInfo& unused();
  OptionInfo& renamed(std::string to);
  OptionInfo& as(std::string option);  // sets default_from
};

// All options that come with Hilum, those of its own plugins included, in the order in which they are
// documented.
const std::vector<OptionInfo>& builtin_options();
// The titles of the groups in builtin_options(), each with the index of its first option.
struct OptionGroup {
  std::string title;
  size_t first;
};
const std::vector<OptionGroup>& builtin_option_groups();

// Sections that plugins not part of Hilum read (DicomWeb, PostgreSQL, ...): present in existing files, not
// misspelt.
bool is_foreign_section(const std::string& name);

// What `hilum --config` writes: every option with its documentation and default, as JSON with comments.
std::string documented_configuration();

// The built-in option of that name, nullptr when there is none.
const OptionInfo* builtin_option(std::string_view name);
// Of `names`, the one that was probably meant by `wrong`: nearly the same letters. "" when none is close.
std::string closest_name(const std::string& wrong, const std::vector<std::string>& names);

// For messages: "an integer from 1 to 65535", "one of \"After\", \"Before\"", ...
std::string expected(const OptionInfo& option);

}  // namespace hilum::config
