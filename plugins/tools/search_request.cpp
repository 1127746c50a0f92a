#include "search_request.h"

#include <hilum/dicom/main_tags.h>
#include <hilum/rest/json_body.h>

#include <algorithm>

namespace hilum::tools {

namespace {

constexpr size_t kMaximumTags = 1000;
constexpr size_t kMaximumOrderings = 32;

Error bad_field(const char* name, const char* expected) {
  return Error(HILUM_E_BAD_REQUEST, std::string("Field \"") + name + "\" must be " + expected);
}

// Clients know this code with the status of a mistake of the server; it is one of theirs.
dicom::Tag tag_named(const std::string& name) {
  if (std::optional<dicom::Tag> tag = dicom::find_tag(name)) return *tag;
  throw Error(HILUM_E_UNKNOWN_TAG, 400, status_facts(HILUM_E_UNKNOWN_TAG).message, name.substr(0, 128));
}

// Where `numbers` says so, clients send 1 for true and null for false.
bool truth(const Json::Value& body, const char* name, bool numbers = false) {
  if (!body.isMember(name)) return false;
  const Json::Value& value = body[name];
  if (numbers && value.isNull()) return false;
  if (!value.isBool() && !(numbers && value.isNumeric())) throw bad_field(name, "a Boolean");
  return value.isBool() ? value.asBool() : value.asDouble() != 0;
}

uint64_t number(const Json::Value& body, const char* name) {
  if (!body.isMember(name)) return 0;
  const Json::Value& value = body[name];
  const bool is_integer = value.type() == Json::intValue || value.type() == Json::uintValue;
  if (!is_integer) throw bad_field(name, "an integer");
  if (value.type() == Json::intValue && value.asInt64() < 0) {
    throw Error(HILUM_E_OUT_OF_RANGE, std::string("Field \"") + name + "\" must be a positive integer");
  }
  return value.asUInt64();
}

std::string text(const Json::Value& body, const char* name) {
  if (!body.isMember(name) || !body[name].isString()) {
    throw Error(HILUM_E_BAD_REQUEST, std::string("Field \"") + name + "\" is missing, or must be a string");
  }
  return body[name].asString();
}

std::vector<std::string> texts(const Json::Value& body, const char* name) {
  return rest::string_list(body, name, HILUM_E_BAD_REQUEST,
                           std::string("Field \"") + name + "\" must be an array of strings")
      .value_or(std::vector<std::string>());
}

// What stands in the body, with what it is read against.
class Parser {
 public:
  Parser(const rest::Services& services, const QueryService& queries, const Snapshot& snapshot,
         const Json::Value& body)
      : services_(services), queries_(queries), snapshot_(snapshot), body_(body) {}

  // What find and count-resources have in common.
  void search() {
    std::optional<uint32_t> level = find_level(text(body_, "Level"));
    if (!level) {
      throw Error(HILUM_E_OUT_OF_RANGE, "Field \"Level\" must be Patient, Study, Series or Instance");
    }
    request_.query.level = *level;
    request_.case_sensitive = truth(body_, "CaseSensitive");
    if (request_.case_sensitive) request_.query.flags |= HILUM_QUERY_CASE_SENSITIVE;
    tags();
    metadata();
    labels();
    parents();
  }
  void answer_options() {
    request_.expand = truth(body_, "Expand", true);
    request_.details.format = format_members(body_);
    request_.details.read_files = services_.config.text("StorageAccessOnFind") != "Never";
    if (body_.isMember("ResponseContent")) {
      request_.expand = true;
      request_.details.parts = {};
      for (const std::string& part : texts(body_, "ResponseContent")) {
        rest::add_detail_part(request_.details.parts, part);
      }
    }
    const std::vector<std::string> requested = texts(body_, "RequestedTags");
    if (requested.size() > kMaximumTags) throw too_many("RequestedTags");
    request_.details.has_requested_tags = body_.isMember("RequestedTags");
    for (const std::string& name : requested) {
      std::vector<dicom::Tag>& tags = request_.details.requested_tags;
      const dicom::Tag tag = tag_named(name);
      if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
    }
  }
  void page() {
    request_.query.since = number(body_, "Since");
    const uint64_t limit = number(body_, "Limit");
    const bool paged = request_.query.since > 0 || limit > 0;
    if (paged && !request_.outside.empty()) {
      throw Error(HILUM_E_BAD_REQUEST,
                  "\"Since\" and \"Limit\" need a query whose tags are all in the index; see the option "
                  "ExtraMainDicomTags");
    }
    if (request_.query.since > 0 && request_.case_sensitive) {
      throw Error(HILUM_E_BAD_REQUEST, "\"Since\" does not go with \"CaseSensitive\": true");
    }
    const int64_t most = services_.config.integer(
        request_.query.level == HILUM_INSTANCE ? "LimitFindInstances" : "LimitFindResults");
    request_.query.limit = limit > 0 ? limit : UINT64_MAX;
    if (most > 0) request_.query.limit = std::min(request_.query.limit, static_cast<uint64_t>(most));
  }
  void orderings() {
    if (!body_.isMember("OrderBy")) return;
    const Json::Value& list = body_["OrderBy"];
    if (!list.isArray()) throw bad_field("OrderBy", "an array of objects");
    if (list.size() > kMaximumOrderings) throw too_many("OrderBy");
    for (const Json::Value& item : list) request_.query.orderings.push_back(ordering(item));
  }
  SearchRequest take() { return std::move(request_); }

 private:
  static Error too_many(const char* name) {
    return Error(HILUM_E_BAD_REQUEST, std::string("Field \"") + name + "\" has too many members");
  }

  void tags() {
    // null is an empty object
    if (!body_.isMember("Query") || !(body_["Query"].isObject() || body_["Query"].isNull())) {
      throw Error(HILUM_E_BAD_REQUEST, "Field \"Query\" is missing, or must be a JSON object");
    }
    const Json::Value& query = body_["Query"];
    if (query.size() > kMaximumTags) throw too_many("Query");
    for (auto entry = query.begin(); entry != query.end(); ++entry) {
      if (!entry->isString()) {
        throw Error(HILUM_E_BAD_REQUEST,
                    "Tag \"" + entry.name().substr(0, 128) + "\" must be associated with a string");
      }
    }
    for (auto entry = query.begin(); entry != query.end(); ++entry) {
      // What demands nothing may have any name: older clients send their own fields.
      if (!entry->asString().empty()) tag(tag_named(entry.name()), entry->asString());
    }
  }

  void tag(dicom::Tag tag, const std::string& value) {
    dicom::Matcher matcher = dicom::Matcher::for_rest(tag, value, request_.case_sensitive);
    if (matcher.is_empty()) return;
    switch (queries_.place_of(request_.query.level, tag)) {
      case TagPlace::kHereOrAbove:
        request_.query.tags.push_back({tag, value});
        if (!is_known_always(tag)) request_.added.push_back({tag, std::move(matcher)});
        break;
      case TagPlace::kBelow:
        request_.is_impossible = true;
        break;
      case TagPlace::kNowhere:
        if (services_.config.text("StorageAccessOnFind") == "Always") {
          request_.outside.push_back({tag, std::move(matcher)});
        } else {
          request_.is_impossible = true;
        }
        break;
    }
  }

  // Is the tag in the index whatever ExtraMainDicomTags says?
  bool is_known_always(dicom::Tag tag) const {
    static const dicom::MainTags kDefault;
    for (uint32_t level = HILUM_PATIENT; level <= request_.query.level; ++level) {
      if (kDefault.contains(static_cast<dicom::Level>(level - HILUM_PATIENT), tag)) return true;
    }
    constexpr dicom::Tag kModalitiesInStudy = 0x00080061;
    return tag == kModalitiesInStudy;
  }

  void metadata() {
    if (!body_.isMember("MetadataQuery")) return;
    const Json::Value& query = body_["MetadataQuery"];
    if (!query.isObject()) throw bad_field("MetadataQuery", "a JSON object");
    if (query.size() > kMaximumTags) throw too_many("MetadataQuery");
    for (auto entry = query.begin(); entry != query.end(); ++entry) {
      if (!entry->isString()) throw bad_field("MetadataQuery", "an object of strings");
      request_.query.metadata.push_back({metadata_key(entry.name()), entry->asString()});
    }
  }

  int32_t metadata_key(const std::string& name) const {
    try {
      return services_.metadata_names.key_of(name);
    } catch (const Error& error) {
      throw Error(HILUM_E_OUT_OF_RANGE, error.details());
    }
  }

  void labels() {
    for (std::string& label : texts(body_, "Labels")) {
      if (!label.empty()) request_.query.labels.push_back(std::move(label));
    }
    if (request_.query.labels.size() > kMaximumTags) throw too_many("Labels");
    if (!body_.isMember("LabelsConstraint")) return;
    const Json::Value& rule = body_["LabelsConstraint"];
    const std::string name = rule.isString() ? rule.asString() : std::string();
    if (name == "All") {
      request_.query.label_rule = HILUM_LABELS_ALL;
    } else if (name == "Any") {
      request_.query.label_rule = HILUM_LABELS_ANY;
    } else if (name == "None") {
      // Without a list nothing is excluded; an empty list asks for what has no label.
      if (body_.isMember("Labels")) request_.query.label_rule = HILUM_LABELS_NONE;
    } else {
      throw bad_field("LabelsConstraint", "\"All\", \"Any\" or \"None\"");
    }
  }

  void parents() {
    struct Field {
      const char* name;
      uint32_t level;
    };
    constexpr Field kFields[] = {
        {"ParentPatient", HILUM_PATIENT}, {"ParentStudy", HILUM_STUDY}, {"ParentSeries", HILUM_SERIES}};
    for (const Field& field : kFields) {
      if (!body_.isMember(field.name)) continue;
      if (!body_[field.name].isString()) throw bad_field(field.name, "a string");
      std::string id = body_[field.name].asString();
      if (field.level < request_.query.level && snapshot_.find(id, field.level)) {
        request_.query.parents.push_back(std::move(id));
      } else {
        request_.is_impossible = true;
      }
    }
  }

  hilum_ordering ordering(const Json::Value& item) const {
    if (!item.isObject()) throw bad_field("OrderBy", "an array of objects");
    struct Type {
      std::string_view name;
      bool is_tag;
      hilum_order_as as;
    };
    constexpr Type kTypes[] = {
        {"DicomTag", true, HILUM_ORDER_TEXT},          {"DicomTagAsInt", true, HILUM_ORDER_INTEGER},
        {"DicomTagAsFloat", true, HILUM_ORDER_FLOAT},  {"Metadata", false, HILUM_ORDER_TEXT},
        {"MetadataAsInt", false, HILUM_ORDER_INTEGER}, {"MetadataAsFloat", false, HILUM_ORDER_FLOAT}};
    const std::string type_name = text(item, "Type");
    const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const Type& candidate) { return candidate.name == type_name; });
    if (type == std::end(kTypes)) {
      throw bad_field("Type",
                      "one of DicomTag, DicomTagAsInt, DicomTagAsFloat, Metadata, MetadataAsInt and "
                      "MetadataAsFloat");
    }
    const std::string key = text(item, "Key");
    const std::string direction = item.isMember("Direction") ? text(item, "Direction") : "ASC";
    if (direction != "ASC" && direction != "DESC") throw bad_field("Direction", "\"ASC\" or \"DESC\"");
    hilum_ordering ordering{};
    ordering.as = type->as;
    ordering.descending = direction == "DESC" ? 1 : 0;
    if (type->is_tag) {
      ordering.tag = tag_named(key);
    } else {
      ordering.metadata_key = metadata_key(key);
    }
    return ordering;
  }

  const rest::Services& services_;
  const QueryService& queries_;
  const Snapshot& snapshot_;
  const Json::Value& body_;
  SearchRequest request_;
};

}  // namespace

std::optional<uint32_t> find_level(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (lower == "patient" || lower == "patients") return HILUM_PATIENT;
  if (lower == "study" || lower == "studies") return HILUM_STUDY;
  if (lower == "series") return HILUM_SERIES;
  if (lower == "instance" || lower == "instances" || lower == "image" || lower == "images") {
    return HILUM_INSTANCE;
  }
  return std::nullopt;
}

bool boolean_member(const Json::Value& body, const char* name, bool otherwise) {
  if (!body.isMember(name)) return otherwise;
  if (!body[name].isBool()) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("Boolean value expected in field: ") + name);
  }
  return body[name].asBool();
}

dicom::JsonFormat format_members(const Json::Value& body) {
  const bool simplify = boolean_member(body, "Simplify");
  const bool is_short = boolean_member(body, "Short");
  const bool full = boolean_member(body, "Full");
  if (simplify) return dicom::JsonFormat::Simplified;
  if (is_short) return dicom::JsonFormat::Short;
  return full ? dicom::JsonFormat::Full : dicom::JsonFormat::Simplified;
}

SearchRequest parse_find(const rest::Services& services, const QueryService& queries,
                         const Snapshot& snapshot, const Json::Value& body) {
  Parser parser(services, queries, snapshot, body);
  parser.search();
  parser.answer_options();
  parser.page();
  parser.orderings();
  return parser.take();
}

SearchRequest parse_count(const rest::Services& services, const QueryService& queries,
                          const Snapshot& snapshot, const Json::Value& body) {
  Parser parser(services, queries, snapshot, body);
  parser.search();
  SearchRequest request = parser.take();
  if (request.case_sensitive) {
    throw Error(HILUM_E_BAD_REQUEST, "\"CaseSensitive\": true is not available here");
  }
  if (!request.outside.empty()) {
    throw Error(HILUM_E_BAD_REQUEST, "Tag " + dicom::format_tag(request.outside.front().tag) +
                                         " is not in the index; see the option ExtraMainDicomTags");
  }
  return request;
}

}  // namespace hilum::tools
