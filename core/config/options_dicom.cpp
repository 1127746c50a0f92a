// Options: the DICOM server, outgoing DICOM, transcoding.
#include "core/config/option_tables.h"

namespace hilum::config {
namespace {

OptionInfo group(const std::string& name) {
  return tristate(name + "TransferSyntaxAccepted",
                  "Adds (true) or removes (false) the transfer syntaxes of this family, after "
                  "AcceptedTransferSyntaxes. Absent: as it says.");
}

OptionInfo tls_path(std::string name, std::string documentation) {
  return {std::move(name), OptionType::kRawPath, "\"\"", std::move(documentation)};
}

}  // namespace

OptionTable dicom_server_options() {
  return {
      boolean("DicomServerEnabled", true, "Accepts DICOM associations."),
      text("DicomAet", "ORTHANC", "Application entity title of this server: 1 to 16 characters."),
      integer("DicomPort", 4242, "TCP port of the DICOM server.").between(1, 65535),
      boolean("DicomCheckCalledAet", false, "Refuses associations that call another title than DicomAet."),
      boolean("StrictAetComparison", false,
              "Distinguishes upper and lower case in application entity titles."),
      integer("DicomThreadsCount", 4, "Operations of one kind that are worked on at the same time.")
          .unused()
          .between(1, 1000),
      integer("MaximumDicomAssociations", 100,
              "Associations that may be open at the same time; more are refused for the moment.")
          .between(1, 10000),
      integer("DicomScpTimeout", 30, "An association that is silent for this long is closed; 0: never.")
          .in("s")
          .between(0, 86400),
      integer("MaximumPduLength", 16384, "Largest protocol data unit, in both directions.")
          .in("bytes")
          .between(4096, 131072),
      text("DefaultEncoding", "Latin1",
           "Character set of files that name none, and of the answers to C-FIND.")
          .one_of({"Ascii", "Utf8", "Latin1", "Latin2", "Latin3", "Latin4", "Latin5", "Cyrillic",
                   "Windows1251", "Arabic", "Greek", "Hebrew", "Thai", "Japanese", "Chinese", "JapaneseKanji",
                   "Korean", "SimplifiedChinese"}),
      list("AcceptedTransferSyntaxes", OptionType::kTextList, "[\"1.2.840.10008.1.*\"]",
           "Transfer syntaxes accepted for storage: UIDs, or patterns with * and ?."),
      group("Deflated"),
      group("Jpeg"),
      group("JpegLossless"),
      group("Jpeg2000"),
      group("Jpip"),
      group("Mpeg2"),
      group("Mpeg4"),
      group("H265"),
      group("Rle"),
      boolean("UnknownSopClassAccepted", false, "Stores instances of SOP classes that Hilum does not know."),
      list("AcceptedSopClasses", OptionType::kTextList, "[]",
           "SOP classes accepted for storage: UIDs, or patterns with * and ?. Empty: all known "
           "ones. A UID that is not known is accepted as well."),
      list("RejectedSopClasses", OptionType::kTextList, "[]",
           "SOP classes refused for storage, whatever the options above say: UIDs, or patterns."),
      list("RejectSopClasses", OptionType::kTextList, "[]", "Another spelling of RejectedSopClasses.")
          .renamed("RejectedSopClasses"),
      boolean("DicomAlwaysAllowEcho", true, "Answers C-ECHO of callers that DicomModalities does not list."),
      boolean("DicomAlwaysAllowStore", true, "Takes instances (C-STORE) from callers that are not listed."),
      boolean("DicomAlwaysAllowFind", false, "Answers C-FIND of callers that are not listed."),
      boolean("DicomAlwaysAllowFindWorklist", false,
              "Answers worklist queries of callers that are not listed."),
      boolean("DicomAlwaysAllowGet", false, "Answers C-GET of callers that are not listed."),
      boolean("DicomAlwaysAllowMove", false, "Answers C-MOVE of callers that are not listed."),
      boolean("DicomCheckModalityHost", false,
              "Listed callers must come from the address that DicomModalities gives them."),
      boolean("SynchronousCMove", true,
              "Answers C-MOVE when all instances are sent. False: at once, a job sends them."),
      integer("LimitFindResults", 0,
              "Largest number of patients, studies or series in an answer to C-FIND and /tools/find; "
              "0: no limit.")
          .between(0, 1 << 30),
      integer("LimitFindInstances", 0, "The same for instances.").between(0, 1 << 30),
      boolean("CaseSensitivePN", false, "Distinguishes upper and lower case when person names are searched."),
      text("StorageAccessOnFind", "Always",
           "May a search open stored files, for tags that are not in the index? \"Always\": to "
           "compare and to answer; \"Answers\": only to answer; \"Never\": not at all.")
          .one_of({"Always", "Answers", "Never"}),
      boolean(
          "DicomTlsEnabled", false,
          "Accepts DICOM over TLS only. Needs a certificate and its key. Calls to modalities use TLS where UseDicomTls "
          "says so, whatever this option says."),
      tls_path("DicomTlsCertificate", "PEM file with our certificate, for both directions."),
      tls_path("DicomTlsPrivateKey", "PEM file with its private key, without a password."),
      tls_path("DicomTlsTrustedCertificates",
               "PEM file with the certificates of the other side, or of those who sign them. Needed "
               "unless DicomTlsRemoteCertificateRequired is false."),
      boolean("DicomTlsRemoteCertificateRequired", true, "Callers must show a certificate that is trusted."),
      integer("DicomTlsMinimumProtocolVersion", 0,
              "Oldest protocol: 0 follows BCP 195 (TLS 1.2 or newer), 2 is TLS 1.0, 3 TLS 1.1, 4 TLS 1.2, "
              "5 TLS 1.3. 1 was SSL 3 and is refused.")
          .between(0, 5),
      list("DicomTlsCiphersAccepted", OptionType::kTextList, "[]",
           "Ciphers to accept, by their OpenSSL names. Empty: those of BCP 195, with forward secrecy and "
           "authenticated encryption."),
  };
}

OptionTable dicom_client_options() {
  return {
      section("DicomModalities",
              "Other DICOM systems, as \"name\": [\"AET\", \"host\", port], or as an object with AET, "
              "Host, Port, Manufacturer, AllowEcho, AllowFind, AllowFindWorklist, AllowGet, AllowMove, "
              "AllowStore, AllowStorageCommitment, AllowTranscoding, UseDicomTls, LocalAet, Timeout, "
              "RetrieveMethod, PermissiveStoreSopClasses."),
      boolean("DicomModalitiesInDatabase", false,
              "Keeps them in the index, so that changes by REST survive; DicomModalities is then "
              "ignored."),
      integer("DicomScuTimeout", 10, "Time limit for an answer of another system; 0: none.")
          .in("s")
          .between(0, 86400),
      boolean("DicomEchoChecksFind", false, "A C-ECHO that is asked for by REST also tries a C-FIND.")
          .owned_by("modalities"),
      text("DicomScuPreferredTransferSyntax", "1.2.840.10008.1.2.1",
           "Transfer syntax to convert to when the other side does not take the stored one."),
      text("DicomDefaultRetrieveMethod", "C-MOVE", "How /queries/.../retrieve fetches.")
          .one_of({"C-MOVE", "C-GET"})
          .owned_by("queries"),
      boolean("DicomGetScuProposesAcceptedTransferSyntaxes", true,
              "Proposes the accepted transfer syntaxes in outgoing C-GET."),
      boolean("TranscodeDicomProtocol", true,
              "Converts images that the other side does not take as they are (C-STORE, C-MOVE, C-GET)."),
      integer("QueryRetrieveSize", 100, "Answers of /queries that are kept.")
          .between(1, 1000000)
          .owned_by("queries"),
      integer("StorageCommitmentReportsSize", 100, "Reports of storage commitment that are kept.")
          .between(1, 1000000)
          .owned_by("modalities"),
      integer("DicomAssociationCloseDelay", 5, "An outgoing association waits this long for more to send.")
          .in("s")
          .between(0, 86400),
      boolean("LogExportedResources", false, "Keeps a list of what was sent (/exports)."),
  };
}

OptionTable transcoding_options() {
  return {
      text("IngestTranscoding", "",
           "Converts what arrives to this transfer syntax (UID). Empty: keeps what arrives."),
      boolean("IngestTranscodingOfUncompressed", true, "IngestTranscoding converts uncompressed images."),
      boolean("IngestTranscodingOfCompressed", true, "IngestTranscoding converts compressed images."),
      text("BuiltinDecoderTranscoderOrder", "After",
           "When the plugin codecs decodes and encodes: before other plugins, after them, or never.")
          .one_of({"After", "Before", "Disabled"}),
      integer("DicomLossyTranscodingQuality", 90, "Quality of lossy JPEG and JPEG 2000.").between(1, 100),
      integer("MaximumConcurrentDcmtkTranscoders", 0, "Conversions at the same time; 0: one per processor.")
          .between(0, 1000),
      integer("MediaArchiveSize", 1, "Archives made by jobs that are kept for download.")
          .between(1, 1000000)
          .owned_by("jobs"),
      boolean("SynchronousZipStream", true,
              "Sends ZIP archives while they are made. False: from a temporary file.")
          .owned_by("archives"),
      integer("ZipLoaderThreads", 0, "Threads that read files ahead for archives; 0: none.")
          .between(0, 1000)
          .owned_by("archives")
          .unused(),
      boolean("ZipUseUtf8", false, "Keeps letters outside of ASCII in the file names of archives.")
          .owned_by("archives"),
      integer("DicomParserThreadsCount", 2, "Threads that read DICOM files.").between(1, 1000).unused(),
      integer("DicomParserMemoryCapacity", 256, "Their memory.").in("MB").between(0, 1 << 20).unused(),
      integer("DicomParserCacheSize", 256, "Memory for files that are read already.")
          .in("MB")
          .between(0, 1 << 20)
          .unused(),
      integer("TranscoderThreadsCount", 4, "Threads that convert.").between(1, 1000).unused(),
      integer("TranscoderMemoryCapacity", 256, "Their memory.").in("MB").between(0, 1 << 20).unused(),
      integer("TranscoderCacheSize", 256, "Memory for converted files.")
          .in("MB")
          .between(0, 1 << 20)
          .unused(),
      integer("SequentialDicomReaderThreadsCount", 4, "Threads that read ahead in order.")
          .between(1, 1000)
          .unused(),
      integer("SequentialDicomReaderWindowSize", 4, "Files that are read ahead.").between(1, 1000).unused(),
      integer("SequentialDicomReaderWindowCapacity", 128, "Memory for them.")
          .in("MB")
          .between(0, 1 << 20)
          .unused(),
  };
}

}  // namespace hilum::config
