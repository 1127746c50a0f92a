#include "core/config/configuration.h"

#include <hilum/cpp/error.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/base/log.h"
#include "core/config/json_text.h"

namespace hilum::config {
namespace {

constexpr size_t kMaxShown = 60;  // of a wrong value, in messages

std::string top_level_key(std::string_view name) { return std::string(name.substr(0, name.find('.'))); }

std::string kind_of(const Json::Value& value) {
  switch (value.type()) {
    case Json::booleanValue:
      return "a Boolean";
    case Json::intValue:
    case Json::uintValue:
      return "an integer";
    case Json::realValue:
      return "a number with a fraction";
    case Json::stringValue:
      return "a text";
    case Json::arrayValue:
      return "a list";
    case Json::objectValue:
      return "an object";
    default:
      return "null";
  }
}

// What stands there, for messages. Objects and lists only by kind: they may hold passwords.
std::string shown(const Json::Value& value) {
  if (value.isObject() || value.isArray()) {
    return kind_of(value);
  }
  std::string text = compact_json(value);
  if (text.size() > kMaxShown) {
    text = text.substr(0, kMaxShown) + "...";
  }
  return text + " (" + kind_of(value) + ")";
}

bool is_list_of_texts(const Json::Value& value) {
  return value.isArray() &&
         std::all_of(value.begin(), value.end(), [](const Json::Value& item) { return item.isString(); });
}

// JsonCpp's isInt64() also says yes to 8122.0.
bool is_integer(const Json::Value& value) {
  return (value.type() == Json::intValue || value.type() == Json::uintValue) && value.isInt64();
}

bool has_type(const OptionInfo& option, const Json::Value& value) {
  switch (option.type) {
    case OptionType::kBool:
      return value.isBool();
    case OptionType::kInt:
      return is_integer(value);
    case OptionType::kText:
    case OptionType::kPath:
    case OptionType::kRawPath:
      return value.isString();
    case OptionType::kBoolOrText:
      return value.isBool() || value.isString();
    case OptionType::kTextList:
    case OptionType::kPathList:
      return is_list_of_texts(value);
    default:
      return value.isObject();
  }
}

bool same_letters(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The choice that `text` means, in the spelling of the table; nullptr when none.
const std::string* choice_of(const OptionInfo& option, const std::string& text) {
  const auto found = std::find_if(option.choices.begin(), option.choices.end(),
                                  [&](const std::string& choice) { return same_letters(choice, text); });
  return found == option.choices.end() ? nullptr : &*found;
}

bool in_range(const OptionInfo& option, const Json::Value& value) {
  if (option.type == OptionType::kInt) {
    return value.asInt64() >= option.minimum && value.asInt64() <= option.maximum;
  }
  return option.choices.empty() || !value.isString() || choice_of(option, value.asString()) != nullptr;
}

}  // namespace

const Json::Value* Configuration::find(std::string_view name) const {
  const Json::Value* level = &merged_;
  const auto renamed = renamed_from_.find(name);
  std::string_view rest = renamed == renamed_from_.end() ? name : std::string_view(renamed->second);
  for (;;) {
    const size_t dot = rest.find('.');
    const std::string_view key = rest.substr(0, dot);
    level = level->isObject() ? level->find(key.data(), key.data() + key.size()) : nullptr;
    if (level == nullptr || level->isNull()) {
      return nullptr;
    }
    if (dot == std::string_view::npos) {
      return level;
    }
    rest.remove_prefix(dot + 1);
  }
}

const Configuration::File* Configuration::file_of(std::string_view name) const {
  const auto renamed = renamed_from_.find(name);
  const auto found =
      file_of_key_.find(renamed == renamed_from_.end() ? top_level_key(name) : renamed->second);
  return found == file_of_key_.end() ? nullptr : &files_[found->second];
}

bool Configuration::is_set(std::string_view name) const { return find(name) != nullptr; }

std::string Configuration::where(std::string_view name) const {
  const Json::Value* const value = find(name);
  const File* const file = file_of(name);
  if (value == nullptr || file == nullptr) {
    return "default";
  }
  return file->name + ", line " + std::to_string(line_at(file->text, value->getOffsetStart()));
}

std::string Configuration::resolve(std::string_view name, const std::string& relative) const {
  const std::filesystem::path path(relative);
  if (relative.empty() || path.is_absolute()) {
    return relative;
  }
  const File* const file = file_of(name);
  const std::string folder = file != nullptr ? file->folder : files_.empty() ? "." : files_.front().folder;
  return (std::filesystem::path(folder) / path).lexically_normal().string();
}

OptionInfo Configuration::option(std::string_view name) const {
  if (const OptionInfo* const builtin = builtin_option(name)) {
    return *builtin;
  }
  const std::lock_guard lock(mutex_);
  const auto found = declared_.find(name);
  if (found == declared_.end()) {
    throw Error(HILUM_E_INTERNAL, "option \"" + std::string(name) + "\" is asked for but was never declared");
  }
  return found->second;
}

void Configuration::check_value(const OptionInfo& info) const {
  const Json::Value* const value = find(info.name);
  if (value == nullptr) {
    return;
  }
  const bool typed = has_type(info, *value);
  if (typed && in_range(info, *value)) {
    return;
  }
  throw Error(typed ? HILUM_E_OUT_OF_RANGE : HILUM_E_BAD_TYPE,
              "option \"" + info.name + "\" (" + where(info.name) + "): expected " + expected(info) +
                  ", found " + shown(*value));
}

Json::Value Configuration::value(std::string_view name, std::initializer_list<OptionType> allowed) const {
  const OptionInfo info = option(name);
  if (std::find(allowed.begin(), allowed.end(), info.type) == allowed.end()) {
    throw Error(HILUM_E_INTERNAL, "option \"" + info.name + "\" is asked for with another type than it has");
  }
  if (const Json::Value* const found = find(name)) {
    return *found;
  }
  if (!info.default_from.empty()) {
    return value(info.default_from, allowed);
  }
  Json::Value by_default = default_value(info);
  if (by_default.isNull()) {
    throw Error(HILUM_E_BAD_SEQUENCE, "option \"" + info.name + "\" has no value and no default");
  }
  return by_default;
}

bool Configuration::get_bool(std::string_view name) const {
  return value(name, {OptionType::kBool}).asBool();
}

int64_t Configuration::get_int(std::string_view name) const {
  return value(name, {OptionType::kInt}).asInt64();
}

std::string Configuration::get_text(std::string_view name) const {
  const Json::Value found =
      value(name, {OptionType::kText, OptionType::kBoolOrText, OptionType::kPath, OptionType::kRawPath});
  const OptionInfo info = option(name);
  if (found.isBool()) {
    return info.choices.at(found.asBool() ? 1 : 0);
  }
  const std::string* const choice = choice_of(info, found.asString());
  return choice != nullptr ? *choice : found.asString();
}

std::vector<std::string> Configuration::get_list(std::string_view name) const {
  std::vector<std::string> items;
  for (const Json::Value& item : value(name, {OptionType::kTextList, OptionType::kPathList})) {
    items.push_back(item.asString());
  }
  return items;
}

std::string Configuration::get_path(std::string_view name) const {
  const OptionInfo info = option(name);
  if (!is_set(name) && !info.default_from.empty()) {
    return get_path(info.default_from);
  }
  const std::string written = value(name, {OptionType::kPath, OptionType::kRawPath}).asString();
  return info.type == OptionType::kRawPath ? written : resolve(name, written);
}

std::vector<std::string> Configuration::get_paths(std::string_view name) const {
  std::vector<std::string> paths;
  for (const Json::Value& item : value(name, {OptionType::kPathList})) {
    paths.push_back(resolve(name, item.asString()));
  }
  return paths;
}

Json::Value Configuration::section(std::string_view name) const {
  return value(name, {OptionType::kSection});
}

std::string Configuration::json() const { return compact_json(merged_); }

bool durable(const Configuration& configuration) {
  return configuration.is_set("Durability") ? configuration.get_text("Durability") == "full"
                                            : configuration.get_bool("SyncStorageArea");
}

}  // namespace hilum::config
