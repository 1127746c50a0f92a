#include <hilum/cpp/error.h>
#include <hilum/rest/json_body.h>

#include <algorithm>
#include <cstddef>
#include <memory>

namespace hilum::rest {

namespace {

// JsonCpp takes a hundred bytes for each value, however short its text is: a body of 16 MB could cost a gigabyte.
constexpr ptrdiff_t kMaximumValues = 500000;

}  // namespace

std::optional<Json::Value> parse_json(std::string_view text) {
  if (std::count(text.begin(), text.end(), ',') > kMaximumValues) return std::nullopt;
  Json::Value value;
  std::string errors;
  const std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  try {
    if (!reader->parse(text.data(), text.data() + text.size(), &value, &errors)) return std::nullopt;
  } catch (const Json::Exception&) {  // nested too deeply
    return std::nullopt;
  }
  return value;
}

Json::Value json_object_body(const Request& request, size_t limit) {
  std::optional<Json::Value> value = parse_json(request.body(limit));
  if (!value || !value->isObject()) {
    throw Error(HILUM_E_BAD_REQUEST, "The body must contain a JSON object");
  }
  return std::move(*value);
}

std::optional<std::vector<std::string>> string_list(const Json::Value& object, const char* name, int32_t code,
                                                    const std::string& details) {
  if (!object.isMember(name)) return std::nullopt;
  const Json::Value& list = object[name];
  if (!list.isArray()) throw Error(code, details);
  std::vector<std::string> texts;
  texts.reserve(list.size());
  for (const Json::Value& item : list) {
    if (!item.isString()) throw Error(code, details);
    texts.push_back(item.asString());
  }
  return texts;
}

}  // namespace hilum::rest
