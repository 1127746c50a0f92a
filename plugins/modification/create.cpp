// POST /tools/create-dicom.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/dicom/modules.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "content.h"
#include "identifiers.h"
#include "routes.h"
#include "rules.h"

namespace hilum::modification {

namespace {

using dicom::Tag;

constexpr size_t kLongestRequest = 128u << 20;  // pictures and documents in base64
constexpr size_t kMostPictures = 10000;
// Of all instances of a request. Each has the tags, which may take most of a request: the disk would be full before the
// pictures are at an end.
constexpr uint64_t kMostBytes = uint64_t{4} << 30;

constexpr Tag kAcquisitionDate = 0x00080022;
constexpr Tag kAcquisitionTime = 0x00080032;
constexpr Tag kContentDate = 0x00080023;
constexpr Tag kContentTime = 0x00080033;
constexpr Tag kInstanceCreationDate = 0x00080012;
constexpr Tag kInstanceCreationTime = 0x00080013;
constexpr Tag kSeriesDate = 0x00080021;
constexpr Tag kSeriesTime = 0x00080031;
constexpr Tag kStudyTime = 0x00080030;
constexpr Tag kImagesInAcquisition = 0x00201002;
constexpr Tag kTemporalPositions = 0x00200105;

// What a request may set although it is there.
constexpr std::array<Tag, 11> kFree = {dicom::kPatientId,     dicom::kStudyDate,    kStudyTime,
                                       kSeriesDate,           kSeriesTime,          kAcquisitionDate,
                                       kAcquisitionTime,      kContentDate,         kContentTime,
                                       kInstanceCreationDate, kInstanceCreationTime};

Error bad_type(const char* name, const char* expected) {
  return Error(HILUM_E_BAD_REQUEST, std::string("Field \"") + name + "\" must be " + expected);
}

bool truth(const Json::Value& body, const char* name, bool otherwise) {
  if (!body.isMember(name)) return otherwise;
  if (!body[name].isBool()) throw bad_type(name, "a Boolean");
  return body[name].asBool();
}

std::string text(const Json::Value& body, const char* name, const std::string& otherwise) {
  if (!body.isMember(name)) return otherwise;
  if (!body[name].isString()) throw bad_type(name, "a string");
  return body[name].asString();
}

struct Clock {
  std::string date;
  std::string time;
};
Clock now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char date[16];
  char time[24];
  (void)std::strftime(date, sizeof date, "%Y%m%d", &utc);
  (void)std::strftime(time, sizeof time, "%H%M%S.000000", &utc);
  return {date, time};
}

// The value of SpecificCharacterSet if it is one: unknown terms are read as whatever is the default.
void check_charset(const std::string& value) {
  if (dicom::Charset::from_value(value, dicom::Encoding::Latin2).value() !=
      dicom::Charset::from_value(value, dicom::Encoding::Utf8).value()) {
    throw Error(HILUM_E_OUT_OF_RANGE, "Unknown specific character set: " + value.substr(0, 64));
  }
}

// Makes the instances of one request.
class Creator {
 public:
  Creator(const Tools& tools, const Json::Value& body)
      : tools_(tools),
        body_(body),
        has_tags_(body.isMember("Tags")),
        force_(has_tags_ && truth(body, "Force", false)),
        identifiers_(Identifiers::random_seed()) {
    if (has_tags_ && !body["Tags"].isObject()) throw bad_type("Tags", "an object");
    if (!has_tags_) return;
    edit_.decode_data_uris = truth(body, "InterpretBinaryTags", true);
    encapsulate_ = truth(body, "Encapsulate", false);
  }

  std::string run(const hilum_origin& origin) {
    Batch batch(tools_.host);
    edit_.private_creator =
        has_tags_ ? text(body_, "PrivateCreator", tools_.services.config.text("DefaultPrivateCreator"))
                  : tools_.services.config.text("DefaultPrivateCreator");
    fill();
    const Json::Value& content = has_tags_ && body_.isMember("Content") ? body_["Content"] : none_;
    if (has_tags_ && body_.isMember("Content") && !content.isString() && !content.isArray()) {
      throw Error(HILUM_E_USE_DATA_URI);
    }
    const bool is_series = content.isArray() && !content.empty();
    if (is_series) {
      add_series(content, origin, batch);
    } else {
      if (content.isString()) embed_one(base_, content.asString());
      add(base_, origin, batch);
    }
    hilum_stored last{};
    batch.commit([&](const hilum_stored& stored) { last = stored; });
    return is_series ? series_answer(last) : instance_answer(last);
  }

 private:
  // All that the instances have in common.
  void fill() {
    const Json::Value& tags = has_tags_ ? body_["Tags"] : body_;
    const hilum_level parent_level = read_parent();
    choose_charset(tags);
    set(dicom::kPatientId, identifiers_.patient_id("new"));
    set(dicom::kStudyInstanceUid, identifiers_.uid(HILUM_STUDY, "new"));
    set(dicom::kSeriesInstanceUid, identifiers_.uid(HILUM_SERIES, "new"));
    set(dicom::kSopInstanceUid, identifiers_.uid(HILUM_INSTANCE, "new"));
    for (const auto& [tag, value] : parent_tags_)
      dicom::set_json_value(base_, tag, Json::Value(value), charset_);
    if (has_tags_) set_dates(parent_level);
    for (auto tag = tags.begin(); tag != tags.end(); ++tag)
      set_tag(tag.name(), *tag, base_, has_tags_ && !force_);
  }

  void set(Tag tag, const std::string& value) { dicom::set_text(base_, tag, value, charset_); }

  // 0 without a parent.
  hilum_level read_parent() {
    constexpr auto kNone = static_cast<hilum_level>(0);
    if (!has_tags_ || !body_.isMember("Parent")) return kNone;
    const std::string id = text(body_, "Parent", "");
    const Snapshot snapshot = tools_.services.index.snapshot();
    const std::optional<Resource> parent = snapshot.find(id);
    if (!parent) throw Error(HILUM_E_INEXISTENT_PARENT);
    if (parent->level() == HILUM_INSTANCE) throw Error(HILUM_E_PARENT_IS_INSTANCE);
    const std::optional<Resource> child = rest::first_instance(snapshot, *parent);
    if (!child) throw Error(HILUM_E_INEXISTENT_PARENT);
    rest::StoredFile file(tools_.services, *child);
    const dicom::ParsedInstance header = file.parse_header();
    DcmDataset& data_set = header.data_set();
    const dicom::Charset charset = dicom::Charset::of(data_set, tools_.services.default_encoding());
    parent_charset_ = dicom::text_of(data_set, dicom::kSpecificCharacterSet, charset).value_or("");
    for (uint32_t level = HILUM_PATIENT; level <= parent->level(); ++level) {
      for (const Tag tag : dicom::module_tags(static_cast<dicom::Level>(level - HILUM_PATIENT))) {
        if (auto value = dicom::text_of(data_set, tag, charset))
          parent_tags_.emplace_back(tag, std::move(*value));
      }
    }
    return static_cast<hilum_level>(parent->level());
  }

  void choose_charset(const Json::Value& tags) {
    std::string value = parent_charset_;
    for (auto tag = tags.begin(); tag != tags.end(); ++tag) {
      if (tag->isString() && dicom::find_tag(tag.name()) == dicom::kSpecificCharacterSet)
        value = tag->asString();
    }
    if (!value.empty()) check_charset(value);
    const dicom::Encoding otherwise = tools_.services.default_encoding();
    const bool is_named = !value.empty();
    if (!is_named) value = dicom::specific_character_set(otherwise);
    charset_ = dicom::Charset::from_value(value, otherwise);
    if (!is_named && !dicom::is_representable(tags, charset_)) {
      value = dicom::specific_character_set(dicom::Encoding::Utf8);
      charset_ = dicom::Charset(dicom::Encoding::Utf8);
    }
    // The old form of the request makes nothing up, unless it needs it.
    if (has_tags_ || is_named || charset_.value() != dicom::specific_character_set(otherwise)) {
      set(dicom::kSpecificCharacterSet, value);
    }
  }

  void set_dates(hilum_level parent_level) {
    const Clock clock = now();
    const auto set_both = [&](Tag date, Tag time) {
      set(date, clock.date);
      set(time, clock.time);
    };
    set_both(kAcquisitionDate, kAcquisitionTime);
    set_both(kContentDate, kContentTime);
    set_both(kInstanceCreationDate, kInstanceCreationTime);
    if (parent_level != HILUM_SERIES) set_both(kSeriesDate, kSeriesTime);
    if (parent_level != HILUM_SERIES && parent_level != HILUM_STUDY) set_both(dicom::kStudyDate, kStudyTime);
  }

  void set_tag(const std::string& name, const Json::Value& value, DcmDataset& data_set, bool is_guarded) {
    const Tag tag = dicom::parse_client_tag(name);
    if (tag == dicom::kSpecificCharacterSet) return;
    if (!has_tags_ && !value.isString()) throw Error(HILUM_E_ONLY_STRINGS);
    if (tag == dicom::kPixelData) {
      if (has_tags_) throw Error(HILUM_E_USE_CONTENT);
      if (dicom::is_data_uri(value.asString()))
        return embed(data_set, dicom::parse_data_uri(value.asString()));
    }
    const bool is_free = std::find(kFree.begin(), kFree.end(), tag) != kFree.end();
    if (is_guarded && !is_free && dicom::has_element(data_set, tag)) {
      throw Error(HILUM_E_OVERRIDE_PARENT, name.substr(0, 128));
    }
    dicom::set_json_value(data_set, tag, value, charset_, edit_);
  }

  void embed_one(DcmDataset& data_set, const std::string& uri) const {
    const dicom::DataUri content = dicom::parse_data_uri(uri);
    if (encapsulate_) {
      encapsulate_jpeg(data_set, content);
    } else {
      embed(data_set, content);
    }
  }

  void add_series(const Json::Value& pictures, const hilum_origin& origin, Batch& batch) {
    if (encapsulate_) throw Error(HILUM_E_NOT_IMPLEMENTED, "\"Encapsulate\" takes one JPEG picture");
    if (pictures.size() > kMostPictures) {
      throw Error(HILUM_E_BAD_REQUEST, "more than " + std::to_string(kMostPictures) + " members in Content");
    }
    const std::string count = std::to_string(pictures.size());
    for (Json::ArrayIndex i = 0; i < pictures.size(); ++i) {
      DcmDataset data_set(base_);
      const Json::Value& picture = pictures[i];
      if (!picture.isString() && !picture.isObject()) throw Error(HILUM_E_USE_DATA_URI);
      if (picture.isObject()) {
        if (!picture.isMember("Content")) throw Error(HILUM_E_NO_PAYLOAD);
        if (!picture["Content"].isString()) throw Error(HILUM_E_USE_DATA_URI);
        if (picture.isMember("Tags")) set_own_tags(picture["Tags"], data_set);
      }
      const std::string number = std::to_string(i + 1);
      if (!picture.isObject() || !has_own(picture, dicom::kSopInstanceUid)) {
        dicom::set_text(data_set, dicom::kSopInstanceUid, identifiers_.uid(HILUM_INSTANCE, number), charset_);
      }
      set_number(data_set, dicom::kInstanceNumber, number);
      set_number(data_set, dicom::kImageIndex, number);
      set_number(data_set, kImagesInAcquisition, count);
      set_number(data_set, kTemporalPositions, "1");
      embed_one(data_set, picture.isString() ? picture.asString() : picture["Content"].asString());
      add(data_set, origin, batch);
    }
  }

  void set_number(DcmDataset& data_set, Tag tag, const std::string& value) const {
    dicom::set_json_value(data_set, tag, Json::Value(value), charset_);
  }

  void set_own_tags(const Json::Value& tags, DcmDataset& data_set) {
    if (!tags.isObject()) throw bad_type("Tags", "an object");
    for (auto tag = tags.begin(); tag != tags.end(); ++tag) set_tag(tag.name(), *tag, data_set, !force_);
  }

  static bool has_own(const Json::Value& picture, Tag wanted) {
    const Json::Value& tags = picture["Tags"];
    for (auto tag = tags.begin(); tag != tags.end(); ++tag) {
      if (dicom::find_tag(tag.name()) == wanted) return true;
    }
    return false;
  }

  void add(DcmDataset& data_set, const hilum_origin& origin, Batch& batch) {
    constexpr std::string_view kJpegBaseline = "1.2.840.10008.1.2.4.50";
    const bool is_jpeg = encapsulate_ && dicom::has_element(data_set, dicom::kPixelData);
    const std::string file =
        dicom::write_file(data_set, is_jpeg ? kJpegBaseline : dicom::kExplicitLittleEndian);
    size_ += file.size();
    if (size_ > kMostBytes) {
      throw Error(HILUM_E_TOO_LARGE, "the instances take more than " + std::to_string(kMostBytes) + " bytes");
    }
    const hilum_stored stored = batch.add(file, &origin);
    if (stored.result == HILUM_FILTERED_OUT) {
      throw Error(HILUM_E_CANNOT_STORE_INSTANCE, "a filter of the server has refused the new instance");
    }
  }

  template <size_t Size>
  static std::string id_text(const char (&id)[Size]) {
    return std::string(id, Size);
  }
  static const char* status(const hilum_stored& stored) {
    return stored.result == HILUM_ALREADY_STORED ? "AlreadyStored" : "Success";
  }
  static std::string series_answer(const hilum_stored& stored) {
    std::string answer;
    dicom::JsonWriter json(answer);
    json.begin_object();
    json.member("ID", id_text(stored.series));
    json.member("Path", "/series/" + id_text(stored.series));
    json.member("Status", status(stored));
    json.end_object();
    return answer;
  }
  static std::string instance_answer(const hilum_stored& stored) {
    std::string answer;
    dicom::JsonWriter json(answer);
    json.begin_object();
    json.member("ID", id_text(stored.instance));
    json.member("ParentPatient", id_text(stored.patient));
    json.member("ParentSeries", id_text(stored.series));
    json.member("ParentStudy", id_text(stored.study));
    json.member("Path", "/instances/" + id_text(stored.instance));
    json.member("Status", status(stored));
    json.end_object();
    return answer;
  }

  const Tools& tools_;
  const Json::Value& body_;
  const Json::Value none_;
  const bool has_tags_;
  const bool force_;
  bool encapsulate_ = false;
  dicom::EditOptions edit_;
  Identifiers identifiers_;
  dicom::Charset charset_;
  std::string parent_charset_;
  std::vector<std::pair<Tag, std::string>> parent_tags_;
  DcmDataset base_;
  uint64_t size_ = 0;  // of the instances so far
};

void create(const Context& context, const Request& request, Answer& answer) {
  const Json::Value body = object_body(request, HILUM_E_BAD_REQUEST, kLongestRequest);
  hilum_origin origin{};
  origin.size = sizeof origin;
  origin.kind = HILUM_ORIGIN_REST;
  origin.remote_ip = to_text(request.remote_address());
  origin.user = to_text(request.user());
  answer.json(Creator(context.tools, body).run(origin));
}

}  // namespace

void add_create_routes(Routes& routes, const Context& context) {
  routes.add(
      {HILUM_POST,
       "/tools/create-dicom",
       "Makes a new instance, or a series of pictures",
       HILUM_ANSWER_JSON,
       HILUM_PERMISSION_STORE,
       {{HILUM_IN_BODY, "Tags", "object", "Values by tag"},
        {HILUM_IN_BODY, "Content", "string",
         "Data URI of a PNG, JPEG or PAM picture, raw pixels, a PDF document or an STL, OBJ or MTL model; an array of pictures, or of "
         "objects with Content and Tags, makes a series"},
        {HILUM_IN_BODY, "Parent", "string", "Id of the patient, study or series that gets the instance"},
        {HILUM_IN_BODY, "PrivateCreator", "string", "Whose private tags the request names"},
        {HILUM_IN_BODY, "InterpretBinaryTags", "boolean", "Decodes data URIs of tags with a binary VR"},
        {HILUM_IN_BODY, "Force", "boolean", "Allows to replace tags that are there already"},
        {HILUM_IN_BODY, "Encapsulate", "boolean", "Stores a JPEG picture as it is"}}},
      [&context](Request& request, Answer& answer) { create(context, request, answer); });
}

}  // namespace hilum::modification
