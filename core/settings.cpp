#include "core/settings.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/main_tags.h>

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/config/access.h"
#include "core/dimse/transfer_syntaxes.h"

namespace hilum {

using config::Configuration;

namespace {

constexpr uint64_t kMegabyte = 1024 * 1024;

uint64_t megabytes(const Configuration& configuration, const char* name) {
  return static_cast<uint64_t>(configuration.get_int(name)) * kMegabyte;
}

size_t count(const Configuration& configuration, const char* name) {
  return static_cast<size_t>(configuration.get_int(name));
}

dicom::Encoding default_encoding(const Configuration& configuration) {
  const std::string name = configuration.get_text("DefaultEncoding");
  if (auto encoding = dicom::parse_encoding(name)) return *encoding;
  throw Error(HILUM_E_OUT_OF_RANGE, "option \"DefaultEncoding\" (" + configuration.where("DefaultEncoding") +
                                        "): unknown encoding \"" + name + "\"");
}

dicom::MainTags main_tags(const Configuration& configuration) {
  dicom::MainTags table;
  const Json::Value extra = configuration.section("ExtraMainDicomTags");
  for (auto level :
       {dicom::Level::Patient, dicom::Level::Study, dicom::Level::Series, dicom::Level::Instance}) {
    const Json::Value& names = extra[dicom::level_name(level)];
    if (names.isNull()) continue;
    if (!names.isArray()) {
      throw Error(HILUM_E_BAD_TYPE, "option \"ExtraMainDicomTags\" (" +
                                        configuration.where("ExtraMainDicomTags") + "): \"" +
                                        dicom::level_name(level) + "\" must be a list of tags");
    }
    for (const Json::Value& name : names) {
      if (!name.isString()) {
        throw Error(HILUM_E_BAD_TYPE, "option \"ExtraMainDicomTags\" (" +
                                          configuration.where("ExtraMainDicomTags") +
                                          "): tags are written as texts");
      }
      table.add(level, dicom::parse_tag(name.asString()));
    }
  }
  return table;
}

std::optional<bool> tristate(const Configuration& configuration, const char* name) {
  if (!configuration.is_set(name)) return std::nullopt;
  return configuration.get_bool(name);
}

dimse::TransferSyntaxGroups transfer_syntax_groups(const Configuration& configuration) {
  dimse::TransferSyntaxGroups groups;
  groups.deflated = tristate(configuration, "DeflatedTransferSyntaxAccepted");
  groups.jpeg = tristate(configuration, "JpegTransferSyntaxAccepted");
  groups.jpeg_lossless = tristate(configuration, "JpegLosslessTransferSyntaxAccepted");
  groups.jpeg2000 = tristate(configuration, "Jpeg2000TransferSyntaxAccepted");
  groups.jpip = tristate(configuration, "JpipTransferSyntaxAccepted");
  groups.mpeg2 = tristate(configuration, "Mpeg2TransferSyntaxAccepted");
  groups.mpeg4 = tristate(configuration, "Mpeg4TransferSyntaxAccepted");
  groups.h265 = tristate(configuration, "H265TransferSyntaxAccepted");
  groups.rle = tristate(configuration, "RleTransferSyntaxAccepted");
  return groups;
}

dimse::StorageAccess storage_access(const std::string& name) {
  if (name == "Answers") return dimse::StorageAccess::kAnswers;
  return name == "Never" ? dimse::StorageAccess::kNever : dimse::StorageAccess::kAlways;
}

[[noreturn]] void bad_modality(const Configuration& configuration, const std::string& name,
                               const std::string& what) {
  throw Error(HILUM_E_BAD_FORMAT, "option \"DicomModalities\" (" + configuration.where("DicomModalities") +
                                      "), \"" + name + "\": " + what);
}

uint16_t modality_port(const Configuration& configuration, const std::string& name,
                       const Json::Value& value) {
  if (!value.isUInt() || value.asUInt() < 1 || value.asUInt() > 65535) {
    bad_modality(configuration, name, "the port must be a number from 1 to 65535");
  }
  return static_cast<uint16_t>(value.asUInt());
}

// Names become parts of paths; titles have at most 16 characters (PS3.8 section 9.3.2).
void check_modality(const Configuration& configuration, const dimse::Modality& modality) {
  const bool good_name =
      !modality.name.empty() && std::all_of(modality.name.begin(), modality.name.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
      });
  if (!good_name) bad_modality(configuration, modality.name, "names have letters, digits, '-' and '_' only");
  if (modality.aet.empty() || modality.aet.size() > 16) {
    bad_modality(configuration, modality.name, "the title must have 1 to 16 characters");
  }
}

// [ "AET", "host", port ] or [ "AET", "host", port, "manufacturer" ]
dimse::Modality modality_of_array(const Configuration& configuration, const std::string& name,
                                  const Json::Value& value) {
  if (value.size() < 3 || value.size() > 4 || !value[0].isString() || !value[1].isString() ||
      !value[2].isUInt()) {
    bad_modality(configuration, name,
                 "expected [ \"AET\", \"host\", port ], with a manufacturer as fourth item if any");
  }
  dimse::Modality modality;
  modality.aet = value[0].asString();
  modality.host = value[1].asString();
  modality.port = modality_port(configuration, name, value[2]);
  return modality;
}

bool flag(const Configuration& configuration, const std::string& name, const Json::Value& value,
          const char* key, bool otherwise) {
  if (!value.isMember(key)) return otherwise;
  if (!value[key].isBool())
    bad_modality(configuration, name, std::string("\"") + key + "\" must be true or false");
  return value[key].asBool();
}

dimse::Modality modality_of_object(const Configuration& configuration, const std::string& name,
                                   const Json::Value& value) {
  if (!value["AET"].isString() || !value["Host"].isString()) {
    bad_modality(configuration, name, "\"AET\" and \"Host\" must be texts");
  }
  dimse::Modality modality;
  modality.aet = value["AET"].asString();
  modality.host = value["Host"].asString();
  modality.port = modality_port(configuration, name, value["Port"]);
  auto allow = [&](const char* key) { return flag(configuration, name, value, key, true); };
  modality.allow_echo = allow("AllowEcho");
  modality.allow_store = allow("AllowStore");
  modality.allow_find = allow("AllowFind");
  modality.allow_find_worklist = allow("AllowFindWorklist");
  modality.allow_get = allow("AllowGet");
  modality.allow_move = allow("AllowMove");
  modality.allow_n_action = allow("AllowNAction");
  modality.allow_event_report = allow("AllowEventReport");
  if (value.isMember("AllowStorageCommitment")) {  // sets both, and wins over either
    modality.allow_n_action = modality.allow_event_report = allow("AllowStorageCommitment");
  }
  return modality;
}

}  // namespace

StorageSettings storage_settings(const Configuration& configuration) {
  StorageSettings settings;
  settings.storage_directory = configuration.get_path("StorageDirectory");
  settings.index_directory = configuration.get_path("IndexDirectory");
  settings.one_file_per_blob = configuration.get_text("StorageLayout") == "files";
  settings.durable = config::durable(configuration);
  return settings;
}

ingest::Options ingest_settings(const Configuration& configuration) {
  ingest::Options options;
  const std::string overwrite = configuration.get_text("OverwriteInstances");
  options.overwrite_instances = overwrite != "Never";
  options.overwrite_if_changed = overwrite == "IfChanged";
  options.compression = configuration.get_bool("StorageCompression");
  options.md5 = configuration.get_bool("StoreMD5ForAttachments");
  options.check_revisions = configuration.get_bool("CheckRevisions");
  options.durable = config::durable(configuration);
  options.maximum_storage_size = megabytes(configuration, "MaximumStorageSize");
  options.maximum_patient_count = count(configuration, "MaximumPatientCount");
  options.reject_when_full = configuration.get_text("MaximumStorageMode") == "Reject";
  options.stable_age_seconds = static_cast<int>(configuration.get_int("StableAge"));
  options.default_encoding = default_encoding(configuration);
  options.main_tags = main_tags(configuration);
  options.zip_entry_limit = megabytes(configuration, "MaximumFileSizeInArchiveMB");
  return options;
}

http::DispatcherOptions dispatcher_settings(const Configuration& configuration,
                                            const std::string& spool_directory) {
  const config::AccessRules access = config::access_rules(configuration);
  http::DispatcherOptions options;
  options.remote_access_allowed = access.remote_access;
  options.authentication_enabled = access.authentication;
  options.registered_users = access.users;
  options.describe_errors = configuration.get_bool("HttpDescribeErrors");
  options.compression_enabled = configuration.get_bool("HttpCompressionEnabled");
  options.body.max_size = megabytes(configuration, "MaximumRequestBodySizeMB");
  options.body.spool_directory = spool_directory;
  return options;
}

http::ServerOptions http_settings(const Configuration& configuration) {
  http::ServerOptions options;
  const std::vector<std::string> addresses = configuration.get_list("HttpBindAddresses");
  if (!addresses.empty()) {
    options.bind_addresses = addresses;
  } else if (!configuration.get_bool("RemoteAccessAllowed")) {
    options.bind_addresses = {"127.0.0.1"};
  }
  options.port = static_cast<uint16_t>(configuration.get_int("HttpPort"));
  options.threads = count(configuration, "HttpThreadsCount");
  options.io_threads = count(configuration, "HttpIoThreadsCount");
  options.keep_alive = configuration.get_bool("KeepAlive");
  options.keep_alive_timeout = std::chrono::seconds(configuration.get_int("KeepAliveTimeout"));
  options.body_timeout = std::chrono::seconds(configuration.get_int("HttpRequestTimeout"));
  options.tcp_no_delay = configuration.get_bool("TcpNoDelay");
  options.tls.enabled = configuration.get_bool("SslEnabled");
  if (options.tls.enabled) {
    options.tls.certificate_file = configuration.get_path("SslCertificate");
    constexpr int64_t kTls12 = 4;  // older protocols are not spoken, whatever the option allows
    options.tls.minimum_protocol =
        static_cast<int>(std::max(kTls12, configuration.get_int("SslMinimumProtocolVersion")));
    options.tls.ciphers = configuration.get_list("SslCiphersAccepted");
    options.tls.verify_peers = configuration.get_bool("SslVerifyPeers");
    if (options.tls.verify_peers) {
      options.tls.trusted_client_certificates = configuration.get_path("SslTrustedClientCertificates");
    }
  }
  return options;
}

std::shared_ptr<const dimse::Modalities> configured_modalities(const Configuration& configuration) {
  auto modalities = std::make_shared<dimse::Modalities>();
  const Json::Value section = configuration.section("DicomModalities");
  for (const std::string& name : section.getMemberNames()) {
    const Json::Value& value = section[name];
    if (!value.isArray() && !value.isObject())
      bad_modality(configuration, name, "expected a list or an object");
    modalities->push_back(value.isArray() ? modality_of_array(configuration, name, value)
                                          : modality_of_object(configuration, name, value));
    modalities->back().name = name;
    check_modality(configuration, modalities->back());
  }
  return modalities;
}

dimse::ServerOptions dicom_settings(const Configuration& configuration) {
  dimse::ServerOptions options;
  options.aet = configuration.get_text("DicomAet");
  options.port = static_cast<uint16_t>(configuration.get_int("DicomPort"));
  options.maximum_pdu_length = static_cast<uint32_t>(configuration.get_int("MaximumPduLength"));
  options.maximum_associations = count(configuration, "MaximumDicomAssociations");
  options.scp_timeout = std::chrono::seconds(configuration.get_int("DicomScpTimeout"));
  options.check_called_aet = configuration.get_bool("DicomCheckCalledAet");
  options.strict_aet = configuration.get_bool("StrictAetComparison");
  options.check_modality_host = configuration.get_bool("DicomCheckModalityHost");
  options.always_allow_echo = configuration.get_bool("DicomAlwaysAllowEcho");
  options.always_allow_store = configuration.get_bool("DicomAlwaysAllowStore");
  options.always_allow_find = configuration.get_bool("DicomAlwaysAllowFind");
  options.always_allow_find_worklist = configuration.get_bool("DicomAlwaysAllowFindWorklist");
  options.always_allow_get = configuration.get_bool("DicomAlwaysAllowGet");
  options.always_allow_move = configuration.get_bool("DicomAlwaysAllowMove");
  options.modalities = [modalities = configured_modalities(configuration)] { return modalities; };
  options.accepted_transfer_syntaxes = dimse::accepted_transfer_syntaxes(
      configuration.get_list("AcceptedTransferSyntaxes"), transfer_syntax_groups(configuration));
  options.unknown_sop_class_accepted = configuration.get_bool("UnknownSopClassAccepted");
  options.accepted_sop_classes = configuration.get_list("AcceptedSopClasses");
  options.rejected_sop_classes = configuration.get_list("RejectedSopClasses");
  options.limit_find_results = count(configuration, "LimitFindResults");
  options.limit_find_instances = count(configuration, "LimitFindInstances");
  options.case_sensitive_pn = configuration.get_bool("CaseSensitivePN");
  options.storage_access_on_find = storage_access(configuration.get_text("StorageAccessOnFind"));
  return options;
}

}  // namespace hilum
