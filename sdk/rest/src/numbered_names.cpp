#include <hilum/cpp/error.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/numbered_names.h>
#include <json/json.h>

#include <limits>
#include <memory>
#include <utility>

namespace hilum::rest {

namespace {

bool is_pair(const Json::Value& entry) { return entry.isArray() && entry.size() == 2 && entry[1].isString(); }

}  // namespace

NumberedNames::NumberedNames(std::string what, std::string option, const std::vector<Own>& own,
                             std::string_view table, const TextForm& form)
    : what_(std::move(what)), option_(std::move(option)) {
  for (const Own& name : own) add(name.name, name.number);

  Json::Value entries;
  std::string errors;
  std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  if (!reader->parse(table.data(), table.data() + table.size(), &entries, &errors) ||
      !(entries.isObject() || entries.isNull())) {
    throw Error(HILUM_E_BAD_TYPE, "option \"" + option_ + "\" must be an object of \"name\": number");
  }
  for (const std::string& name : entries.getMemberNames()) {
    auto bad = [&](const std::string& why) {
      return Error(HILUM_E_OUT_OF_RANGE, "option \"" + option_ + "\", entry \"" + name + "\": " + why);
    };
    const Json::Value& entry = entries[name];
    const bool has_text = form.is_valid && is_pair(entry);
    const Json::Value& number = has_text ? entry[0] : entry;
    if (name.empty() || parse_integer(name)) throw bad("a name must not be empty or a number");
    if (!number.isInt() || number.asInt() < kFirstUserNumber || number.asInt() > kLastUserNumber) {
      throw bad("the number must be from 1024 to 65535");
    }
    if (numbers_.count(name)) throw bad("the name is taken by the server itself");
    if (names_.count(number.asInt())) {
      throw bad("the number " + std::to_string(number.asInt()) + " is already called \"" +
                names_[number.asInt()] + "\"");
    }
    if (has_text && !form.is_valid(entry[1].asString())) {
      throw bad(std::string("the second item must be ") + form.what);
    }
    add(name, number.asInt());
    if (has_text) texts_[number.asInt()] = entry[1].asString();
  }
}

void NumberedNames::add(std::string name, int32_t number) {
  names_.emplace(number, name);
  numbers_.emplace(std::move(name), number);
}

int32_t NumberedNames::number_of(std::string_view name) const {
  auto found = numbers_.find(name);
  if (found != numbers_.end()) return found->second;
  std::string_view digits = strip(name);
  if (!digits.empty() && digits.front() == '-') digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    throw Error(HILUM_E_INEXISTENT_ITEM, "no " + what_ + " is called \"" + std::string(name.substr(0, 200)) +
                                             "\": give a name of the option " + option_ + ", or a number");
  }
  std::optional<int64_t> number = parse_integer(name);
  if (!number || *number < std::numeric_limits<int32_t>::min() ||
      *number > std::numeric_limits<int32_t>::max()) {
    throw Error(HILUM_E_BAD_TYPE, "Syntax error in some user-supplied data");
  }
  return static_cast<int32_t>(*number);
}

std::string NumberedNames::name_of(int32_t number) const {
  auto found = names_.find(number);
  return found != names_.end() ? found->second : std::to_string(number);
}

std::string NumberedNames::text_of(int32_t number) const {
  auto found = texts_.find(number);
  return found != texts_.end() ? found->second : std::string();
}

}  // namespace hilum::rest
