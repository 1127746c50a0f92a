#include <hilum/rest/json_body.h>
#include <hilum/rest/reconstruct_options.h>

namespace hilum::rest {

namespace {

bool boolean_field(const Json::Value& body, const char* name) {
  if (!body.isMember(name)) return false;
  if (!body[name].isBool()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("the field \"") + name + "\" must be true or false");
  }
  return body[name].asBool();
}

}  // namespace

ReconstructOptions reconstruct_options(const Request& request) {
  constexpr uint64_t kLongest = 64 << 10;
  ReconstructOptions options;
  if (request.body_size() > kLongest) return options;
  const std::optional<Json::Value> body = parse_json(request.body());
  if (!body || !body->isObject()) return options;
  options.files = boolean_field(*body, "ReconstructFiles");
  options.only_own_level = boolean_field(*body, "LimitToThisLevelMainDicomTags");
  return options;
}

std::vector<RouteArgument> reconstruct_arguments() {
  return {{HILUM_IN_BODY, "ReconstructFiles", "boolean", "Store the files anew as the configuration says"},
          {HILUM_IN_BODY, "LimitToThisLevelMainDicomTags", "boolean", "Leave other levels alone"}};
}

}  // namespace hilum::rest
