#include <hilum/rest/arguments.h>
#include <hilum/rest/remote_query.h>

#include <algorithm>

#include "retrieve_task.h"

namespace hilum::modalities {

namespace {

constexpr dicom::Tag kSopClassesInStudy = 0x00080062;

bool is_identifier(dicom::Tag tag) {
  return tag == dicom::kAccessionNumber || tag == dicom::kPatientId || tag == dicom::kStudyInstanceUid ||
         tag == dicom::kSeriesInstanceUid || tag == dicom::kSopInstanceUid;
}

RetrieveQuery read_query(dicom::Level level, const Json::Value& resource) {
  if (!resource.isObject()) {
    throw Error(HILUM_E_BAD_FORMAT, "The items of \"Resources\" must be objects of texts by tag");
  }
  const dicom::QueryKeys given = rest::read_query_keys(resource);
  (void)dicom::retrieve_keys(level, given);  // complains about what is missing
  RetrieveQuery query;
  for (const auto& [tag, value] : given) {
    if (is_identifier(tag)) query.keys[tag] = value;
    if (tag != kSopClassesInStudy) continue;
    for (const std::string& uid : rest::split(value, '\\')) {
      if (!rest::strip(uid).empty()) query.sop_classes.emplace_back(rest::strip(uid));
    }
  }
  query.keys[dicom::kQueryRetrieveLevel] = dicom::query_level_term(level);
  return query;
}

}  // namespace

RetrieveRequest parse_retrieve_request(RetrieveMethod method, const std::string& modality,
                                       const Json::Value& body, const std::string& own_aet) {
  if (!body.isObject() || !body.isMember("Resources") || !body["Resources"].isArray()) {
    throw Error(HILUM_E_BAD_FORMAT, "The body must contain the array \"Resources\"");
  }
  RetrieveRequest request;
  request.method = method;
  request.modality = modality;
  request.level = rest::read_query_level(body);
  request.overrides = read_overrides(body, false);
  request.permissive = rest::boolean_field(body, "Permissive", false);
  request.format = rest::form_of(body, dicom::JsonFormat::Short);
  if (method == RetrieveMethod::kMove) {
    request.target_aet = rest::text_field(body, "TargetAet").value_or("");
    if (request.target_aet.empty()) request.target_aet = own_aet;
  }
  for (const Json::Value& resource : body["Resources"]) {
    request.queries.push_back(read_query(request.level, resource));
  }
  return request;
}

}  // namespace hilum::modalities
