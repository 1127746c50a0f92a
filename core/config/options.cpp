#include "core/config/options.h"

#include <json/value.h>
#include <json/writer.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "core/config/option_tables.h"

namespace hilum::config {
namespace {

std::string quoted(const std::string& text) { return Json::valueToQuotedString(text.c_str()); }

struct Tables {
  std::vector<OptionInfo> options;
  std::vector<OptionGroup> groups;
  std::map<std::string, size_t, std::less<>> by_name;
};

const Tables& tables() {
  static const Tables all = [] {
    Tables made;
    const std::vector<std::pair<const char*, OptionTable>> parts = {
        {"General: storage, index, limits", general_options()},
        {"HTTP server", http_options()},
        {"HTTP security", http_security_options()},
        {"DICOM server", dicom_server_options()},
        {"Outgoing DICOM", dicom_client_options()},
        {"Outgoing HTTP", outgoing_http_options()},
        {"Dictionary and metadata", dictionary_options()},
        {"Transcoding and archives", transcoding_options()},
        {"Jobs, plugins, scripts, logs", jobs_and_plugins_options()}};
    for (const auto& [title, options] : parts) {
      made.groups.push_back({title, made.options.size()});
      for (const OptionInfo& option : options) {
        made.by_name.emplace(option.name, made.options.size());
        made.options.push_back(option);
      }
    }
    return made;
  }();
  return all;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// Levenshtein distance: letters to insert, remove or exchange.
size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({exchanged, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

// Documentation as comment lines that fit into 110 columns.
void append_comment(std::string& out, const std::string& text, const std::string& indent) {
  size_t begin = 0;
  while (begin < text.size()) {
    size_t end = begin + 110 - indent.size();
    end = end >= text.size() ? text.size() : text.rfind(' ', end);
    out += indent + "// " + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
}

std::string notes(const OptionInfo& option) {
  std::string text = option.documentation;
  const bool bounded = option.type == OptionType::kInt || !option.choices.empty();
  if (bounded) {
    text += " (" + expected(option) + ")";
  }
  if (!option.default_from.empty()) {
    text += " Default: the value of " + option.default_from + ".";
  }
  if (option.owner != "core") {
    text += " Read by plugin \"" + option.owner + "\".";
  }
  if (option.status == OptionStatus::kUnused) {
    text += " Accepted, but without effect in this version.";
  }
  return text;
}

// One option; those without a default to show stand as a comment.
void append_option(std::string& out, const OptionInfo& option, const std::string& name,
                   const std::string& indent) {
  append_comment(out, notes(option), indent);
  const bool shown = option.default_json != "null" && option.default_from.empty();
  out += indent + (shown ? "" : "// ") + quoted(name) + ": " + option.default_json + ",\n\n";
}

std::string joined_choices(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) {
    text += (text.empty() ? "" : ", ") + quoted(choice);
  }
  return text;
}

}  // namespace

OptionInfo& OptionInfo::in(std::string unit_name) {
  unit = std::move(unit_name);
  return *this;
}
OptionInfo& OptionInfo::between(int64_t low, int64_t high) {
  minimum = low;
  maximum = high;
  return *this;
}
OptionInfo& OptionInfo::one_of(std::vector<std::string> values) {
  choices = std::move(values);
  return *this;
}
OptionInfo& OptionInfo::owned_by(std::string plugin) {
  owner = std::move(plugin);
  return *this;
}
OptionInfo& OptionInfo::unused() {
  status = OptionStatus::kUnused;
  return *this;
}
OptionInfo& OptionInfo::renamed(std::string to) {
  status = OptionStatus::kRenamed;
  renamed_to = std::move(to);
  return *this;
}
OptionInfo& OptionInfo::as(std::string option) {
  default_from = std::move(option);
  return *this;
}

OptionInfo boolean(std::string name, bool by_default, std::string documentation) {
  return {std::move(name), OptionType::kBool, by_default ? "true" : "false", std::move(documentation)};
}
OptionInfo tristate(std::string name, std::string documentation) {
  return {std::move(name), OptionType::kBool, "null", std::move(documentation)};
}
OptionInfo integer(std::string name, int64_t by_default, std::string documentation) {
  return {std::move(name), OptionType::kInt, std::to_string(by_default), std::move(documentation)};
}
OptionInfo text(std::string name, const std::string& by_default, std::string documentation) {
  return {std::move(name), OptionType::kText, quoted(by_default), std::move(documentation)};
}
OptionInfo optional_text(std::string name, std::string documentation) {
  return {std::move(name), OptionType::kText, "null", std::move(documentation)};
}
OptionInfo path(std::string name, const std::string& by_default, std::string documentation) {
  return {std::move(name), OptionType::kPath, quoted(by_default), std::move(documentation)};
}
OptionInfo list(std::string name, OptionType type, std::string default_json, std::string documentation) {
  return {std::move(name), type, std::move(default_json), std::move(documentation)};
}
OptionInfo section(std::string name, std::string documentation) {
  return {std::move(name), OptionType::kSection, "{}", std::move(documentation)};
}

const std::vector<OptionInfo>& builtin_options() { return tables().options; }
const std::vector<OptionGroup>& builtin_option_groups() { return tables().groups; }

const OptionInfo* builtin_option(std::string_view name) {
  const auto found = tables().by_name.find(name);
  return found == tables().by_name.end() ? nullptr : &tables().options[found->second];
}

bool is_foreign_section(const std::string& name) {
  static const std::set<std::string> known = {"AdvancedStorage",
                                              "Authorization",
                                              "AwsS3Storage",
                                              "AzureBlobStorage",
                                              "Concatenation",
                                              "ConnectivityChecks",
                                              "DelayedDeletion",
                                              "DicomWeb",
                                              "Education",
                                              "Gdcm",
                                              "GoogleCloudStorage",
                                              "Housekeeper",
                                              "Indexer",
                                              "MultitenantDicom",
                                              "MySQL",
                                              "Odbc",
                                              "OHIF",
                                              "OrthancExplorer2",
                                              "PostgreSQL",
                                              "PythonScript",
                                              "PythonVerbose",
                                              "SQLite",
                                              "ServeFolders",
                                              "StoneWebViewer",
                                              "TCIA",
                                              "Transfers",
                                              "VolView",
                                              "WebViewer",
                                              "WholeSlideImaging"};
  return known.count(name) != 0;
}

std::string closest_name(const std::string& wrong, const std::vector<std::string>& names) {
  const std::string meant = lower(wrong.substr(0, 100));
  const size_t tolerated = meant.size() < 5 ? 1 : std::min<size_t>(meant.size() / 4, 4);
  std::string best;
  size_t best_distance = tolerated + 1;
  for (const std::string& name : names) {
    const size_t distance = edit_distance(meant, lower(name));
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string expected(const OptionInfo& option) {
  switch (option.type) {
    case OptionType::kBool:
      return "true or false";
    case OptionType::kInt: {
      const std::string unit = option.unit.empty() ? "" : ", in " + option.unit;
      if (option.minimum == std::numeric_limits<int64_t>::min()) {
        return "an integer" + unit;
      }
      if (option.maximum == std::numeric_limits<int64_t>::max()) {
        return "an integer not less than " + std::to_string(option.minimum) + unit;
      }
      return "an integer from " + std::to_string(option.minimum) + " to " + std::to_string(option.maximum) +
             unit;
    }
    case OptionType::kText:
      return option.choices.empty() ? "a text" : "one of " + joined_choices(option.choices);
    case OptionType::kBoolOrText:
      return "true, false, or one of " + joined_choices(option.choices);
    case OptionType::kPath:
    case OptionType::kRawPath:
      return "a path";
    case OptionType::kTextList:
      return "a list of texts";
    case OptionType::kPathList:
      return "a list of paths";
    default:
      return "an object";
  }
}

std::string documented_configuration() {
  std::string out =
      "// All options of Hilum with their defaults. Only what differs needs to stand in a configuration "
      "file.\n"
      "// Comments, trailing commas and ${ENVIRONMENT} variables are allowed.\n{\n";
  const auto& options = builtin_options();
  auto next_group = builtin_option_groups().begin();
  for (size_t i = 0; i < options.size(); ++i) {
    if (next_group != builtin_option_groups().end() && next_group->first == i) {
      out += "  /* ---- " + next_group->title + " ---- */\n\n";
      ++next_group;
    }
    const OptionInfo& option = options[i];
    if (option.status == OptionStatus::kRenamed || option.name.find('.') != std::string::npos) {
      continue;  // options inside a section are written with it
    }
    const std::string prefix = option.name + ".";
    const auto inside = [&](const OptionInfo& other) {
      return other.name.compare(0, prefix.size(), prefix) == 0;
    };
    if (std::none_of(options.begin(), options.end(), inside)) {
      append_option(out, option, option.name, "  ");
      continue;
    }
    append_comment(out, notes(option), "  ");
    out += "  " + quoted(option.name) + ": {\n";
    for (const OptionInfo& other : options) {
      if (inside(other)) {
        append_option(out, other, other.name.substr(prefix.size()), "    ");
      }
    }
    out += "  },\n\n";
  }
  return out + "}\n";
}

}  // namespace hilum::config
