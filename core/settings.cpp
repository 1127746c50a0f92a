#include "core/settings.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/main_tags.h>
#include <hilum/dicom/transcode.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

#include "core/config/access.h"
#include "core/dimse/modality_json.h"
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

}  // namespace

StorageSettings storage_settings(const Configuration& configuration) {
  StorageSettings settings;
  settings.storage_directory = configuration.get_path("StorageDirectory");
  settings.index_directory = configuration.get_path("IndexDirectory");
  settings.one_file_per_blob = configuration.get_text("StorageLayout") == "files";
  settings.durable = config::durable(configuration);
  return settings;
}

static ingest::TranscodingOptions transcoding_settings(const Configuration& configuration) {
  ingest::TranscodingOptions options;
  options.transfer_syntax = configuration.get_text("IngestTranscoding");
  if (!options.transfer_syntax.empty() && !dicom::is_registered_transfer_syntax(options.transfer_syntax)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "option \"IngestTranscoding\" (" +
                                          configuration.where("IngestTranscoding") +
                                          "): no transfer syntax has the UID \"" + options.transfer_syntax +
                                          "\"; expected is one like 1.2.840.10008.1.2.4.70");
  }
  options.of_uncompressed = configuration.get_bool("IngestTranscodingOfUncompressed");
  options.of_compressed = configuration.get_bool("IngestTranscodingOfCompressed");
  options.lossy_quality = static_cast<int>(configuration.get_int("DicomLossyTranscodingQuality"));
  options.concurrent = count(configuration, "MaximumConcurrentDcmtkTranscoders");
  options.default_encoding = default_encoding(configuration);
  return options;
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
  options.transcoding = transcoding_settings(configuration);
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

dimse::ModalityRegistry::Options modality_settings(const Configuration& configuration) {
  dimse::ModalityRegistry::Options options;
  options.in_database = configuration.get_bool("DicomModalitiesInDatabase");
  options.strict_aet = configuration.get_bool("StrictAetComparison");
  options.default_retrieve_method = configuration.get_text("DicomDefaultRetrieveMethod");
  const Json::Value section = configuration.section("DicomModalities");
  for (const std::string& name : section.getMemberNames()) {
    try {
      dimse::check_modality_name(name);
      options.configured.push_back(dimse::read_modality(section[name]));
      options.configured.back().name = name;
    } catch (const Error& error) {
      throw Error(error.code(), "option \"DicomModalities\" (" + configuration.where("DicomModalities") +
                                    "), \"" + name + "\": " + error.details());
    }
  }
  return options;
}

static dimse::TlsSettings dicom_tls_settings(const Configuration& configuration) {
  dimse::TlsSettings tls;
  tls.is_enabled = configuration.get_bool("DicomTlsEnabled");
  tls.certificate = configuration.get_path("DicomTlsCertificate");
  tls.private_key = configuration.get_path("DicomTlsPrivateKey");
  tls.trusted_certificates = configuration.get_path("DicomTlsTrustedCertificates");
  tls.remote_certificate_required = configuration.get_bool("DicomTlsRemoteCertificateRequired");
  tls.minimum_protocol = static_cast<int>(configuration.get_int("DicomTlsMinimumProtocolVersion"));
  tls.ciphers = configuration.get_list("DicomTlsCiphersAccepted");
  return tls;
}

dimse::ServerOptions dicom_settings(const Configuration& configuration, dimse::ModalityProvider modalities) {
  dimse::ServerOptions options;
  options.aet = configuration.get_text("DicomAet");
  options.port = static_cast<uint16_t>(configuration.get_int("DicomPort"));
  options.maximum_pdu_length = static_cast<uint32_t>(configuration.get_int("MaximumPduLength"));
  options.maximum_associations = count(configuration, "MaximumDicomAssociations");
  options.scp_timeout = std::chrono::seconds(configuration.get_int("DicomScpTimeout"));
  options.default_private_creator = configuration.get_text("DefaultPrivateCreator");
  options.synchronous_move = configuration.get_bool("SynchronousCMove");
  options.tls = dicom_tls_settings(configuration);
  options.check_called_aet = configuration.get_bool("DicomCheckCalledAet");
  options.strict_aet = configuration.get_bool("StrictAetComparison");
  options.check_modality_host = configuration.get_bool("DicomCheckModalityHost");
  options.always_allow_echo = configuration.get_bool("DicomAlwaysAllowEcho");
  options.always_allow_store = configuration.get_bool("DicomAlwaysAllowStore");
  options.always_allow_find = configuration.get_bool("DicomAlwaysAllowFind");
  options.always_allow_find_worklist = configuration.get_bool("DicomAlwaysAllowFindWorklist");
  options.always_allow_get = configuration.get_bool("DicomAlwaysAllowGet");
  options.always_allow_move = configuration.get_bool("DicomAlwaysAllowMove");
  options.modalities = std::move(modalities);
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

dimse::ScuOptions scu_settings(const Configuration& configuration, const dimse::Server& server) {
  dimse::ScuOptions options;
  options.aet = configuration.get_text("DicomAet");
  options.timeout = std::chrono::seconds(configuration.get_int("DicomScuTimeout"));
  options.maximum_pdu_length = static_cast<uint32_t>(configuration.get_int("MaximumPduLength"));
  options.close_delay = std::chrono::seconds(configuration.get_int("DicomAssociationCloseDelay"));
  options.tls = dicom_tls_settings(configuration);
  options.transcode = configuration.get_bool("TranscodeDicomProtocol");
  options.preferred_transfer_syntax = configuration.get_text("DicomScuPreferredTransferSyntax");
  if (!dicom::is_registered_transfer_syntax(options.preferred_transfer_syntax)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "option \"DicomScuPreferredTransferSyntax\" (" +
                                          configuration.where("DicomScuPreferredTransferSyntax") + "): \"" +
                                          options.preferred_transfer_syntax + "\" is no transfer syntax");
  }
  options.lossy_quality = static_cast<int>(configuration.get_int("DicomLossyTranscodingQuality"));
  options.get_proposes_accepted = configuration.get_bool("DicomGetScuProposesAcceptedTransferSyntaxes");
  options.accepted_sop_classes = [&server] { return server.accepted_sop_classes(); };
  options.accepted_transfer_syntaxes = [&server] { return server.accepted_transfer_syntaxes(); };
  return options;
}

}  // namespace hilum
