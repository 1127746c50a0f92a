#include <hilum/cpp/error.h>
#include <hilum/index.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/metadata_names.h>
#include <json/json.h>

#include <limits>
#include <memory>

namespace hilum::rest {

namespace {

struct OwnName {
  const char* name;
  hilum_metadata key;
};

constexpr OwnName kOwnNames[] = {
    {"IndexInSeries", HILUM_METADATA_INDEX_IN_SERIES},
    {"ReceptionDate", HILUM_METADATA_RECEPTION_DATE},
    {"RemoteAET", HILUM_METADATA_REMOTE_AET},
    {"ExpectedNumberOfInstances", HILUM_METADATA_EXPECTED_INSTANCES},
    {"ModifiedFrom", HILUM_METADATA_MODIFIED_FROM},
    {"AnonymizedFrom", HILUM_METADATA_ANONYMIZED_FROM},
    {"LastUpdate", HILUM_METADATA_LAST_UPDATE},
    {"Origin", HILUM_METADATA_ORIGIN},
    {"TransferSyntax", HILUM_METADATA_TRANSFER_SYNTAX},
    {"SopClassUid", HILUM_METADATA_SOP_CLASS},
    {"RemoteIP", HILUM_METADATA_REMOTE_IP},
    {"CalledAET", HILUM_METADATA_CALLED_AET},
    {"HttpUsername", HILUM_METADATA_HTTP_USERNAME},
    {"PixelDataOffset", HILUM_METADATA_PIXEL_DATA_OFFSET},
    {"MainDicomTagsSignature", HILUM_METADATA_MAIN_TAGS_SIGNATURE},
    {"MainDicomSequences", HILUM_METADATA_MAIN_SEQUENCES},
    {"PixelDataVR", HILUM_METADATA_PIXEL_DATA_VR},
};

Error bad_entry(const std::string& name, const std::string& why) {
  return Error(HILUM_E_OUT_OF_RANGE, "option \"UserMetadata\", entry \"" + name + "\": " + why);
}

}  // namespace

MetadataNames::MetadataNames(std::string_view user_metadata) {
  for (const OwnName& own : kOwnNames) add(own.name, own.key);

  Json::Value table;
  std::string errors;
  std::unique_ptr<Json::CharReader> reader(Json::CharReaderBuilder().newCharReader());
  if (!reader->parse(user_metadata.data(), user_metadata.data() + user_metadata.size(), &table, &errors) ||
      !(table.isObject() || table.isNull())) {
    throw Error(HILUM_E_BAD_TYPE, "option \"UserMetadata\" must be an object of \"name\": number");
  }
  for (const std::string& name : table.getMemberNames()) {
    const Json::Value& number = table[name];
    if (name.empty() || parse_integer(name)) throw bad_entry(name, "a name must not be empty or a number");
    if (!number.isInt() || !is_user_metadata(number.asInt())) {
      throw bad_entry(name, "the number must be from 1024 to 65535");
    }
    if (keys_.count(name)) throw bad_entry(name, "the name is taken by the server itself");
    if (names_.count(number.asInt())) {
      throw bad_entry(name, "the number " + std::to_string(number.asInt()) + " is already called \"" +
                                names_[number.asInt()] + "\"");
    }
    add(name, number.asInt());
  }
}

void MetadataNames::add(std::string name, int32_t key) {
  names_.emplace(key, name);
  keys_.emplace(std::move(name), key);
}

int32_t MetadataNames::key_of(std::string_view name) const {
  auto found = keys_.find(name);
  if (found != keys_.end()) return found->second;
  std::string_view digits = strip(name);
  if (!digits.empty() && digits.front() == '-') digits.remove_prefix(1);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    throw Error(HILUM_E_INEXISTENT_ITEM, "no metadata is called \"" + std::string(name) +
                                             "\": give a name of the option UserMetadata, or a number");
  }
  std::optional<int64_t> number = parse_integer(name);
  if (!number || *number < std::numeric_limits<int32_t>::min() ||
      *number > std::numeric_limits<int32_t>::max()) {
    throw Error(HILUM_E_BAD_TYPE, "Syntax error in some user-supplied data");
  }
  return static_cast<int32_t>(*number);
}

std::string MetadataNames::name_of(int32_t key) const {
  auto found = names_.find(key);
  return found != names_.end() ? found->second : std::to_string(key);
}

}  // namespace hilum::rest
