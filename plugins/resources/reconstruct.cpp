#include "reconstruct.h"

#include <hilum/cpp/ingest.h>
#include <json/json.h>

#include <memory>

namespace hilum::resources {

namespace {

bool boolean_field(const Json::Value& body, const char* name) {
  if (!body.isObject() || !body.isMember(name)) return false;
  if (!body[name].isBool()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("the field \"") + name + "\" must be true or false");
  }
  return body[name].asBool();
}

}  // namespace

// A body that is empty or no JSON counts as one without options: older clients send anything here.
void reconstruct(Call& call) {
  std::string text = call.request.body();
  Json::Value body;
  std::string errors;
  std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  try {
    if (!reader->parse(text.data(), text.data() + text.size(), &body, &errors)) body = Json::Value();
  } catch (const Json::Exception&) {  // nested too deeply
    body = Json::Value();
  }
  bool files = boolean_field(body, "ReconstructFiles");
  bool only_own_level = boolean_field(body, "LimitToThisLevelMainDicomTags");
  Ingest(call.services.host).reconstruct(call.id(), files, only_own_level);
  call.answer.empty();
}

}  // namespace hilum::resources
