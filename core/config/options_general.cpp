// Options: storage, index, limits, dictionary and metadata.
#include "core/config/option_tables.h"

namespace hilum::config {

OptionTable general_options() {
  return {
      text("Name", "Hilum", "Label of this server, shown by /system and by user interfaces."),
      path("StorageDirectory", "HilumStorage",
           "Folder of the stored files (attachments). It is created when it is missing."),
      path("IndexDirectory", "", "Folder of the index. Put it on a fast disk.").as("StorageDirectory"),
      path("TemporaryDirectory", "",
           "Folder for uploads, archives and other big data on their way. It must exist. Empty: the "
           "folder of the operating system (TMPDIR, else /tmp). Choose a disk, for /tmp may be "
           "memory."),
      text("StorageLayout", "segments",
           "How files are kept: \"segments\" appends them to large files, which is many times "
           "faster with small instances; \"files\" makes one file per attachment, for people who "
           "look into the folder.")
          .one_of({"segments", "files"}),
      optional_text("Durability",
                    "\"full\": what was acknowledged to a sender survives a loss of power. \"none\": writing "
                    "is left to the operating system. When absent, SyncStorageArea decides.")
          .one_of({"full", "none"}),
      boolean("SyncStorageArea", true,
              "The older name of Durability: false means \"none\". Has no effect when Durability is "
              "there."),
      boolean("StorageCompression", false,
              "Compresses stored files with zlib. Readers do not notice. Saves disk, costs time on "
              "each access."),
      integer("MaximumStorageSize", 0, "Limit of the stored bytes; 0: none.").in("MB").between(0, 1LL << 40),
      integer("MaximumPatientCount", 0, "Limit of the number of patients; 0: none.").between(0, 1LL << 40),
      text("MaximumStorageMode", "Recycle",
           "What happens at these limits: \"Recycle\" deletes the patient that was received longest "
           "ago and is not protected, \"Reject\" refuses new instances.")
          .one_of({"Recycle", "Reject"}),
      integer("MaximumStorageCacheSize", 128, "Memory that keeps recently used files; 0: none.")
          .unused()
          .in("MB")
          .between(0, 1 << 20),
      boolean("StoreDicom", true, "False keeps the index only and forgets the DICOM files.").unused(),
      OptionInfo{"OverwriteInstances", OptionType::kBoolOrText, "false",
                 "What happens to an instance whose SOP Instance UID is stored already: keep the old one "
                 "(false, \"Never\"), replace it (true, \"Always\"), or replace it if its bytes differ "
                 "(\"IfChanged\")."}
          .one_of({"Never", "Always", "IfChanged"}),
      boolean("StoreMD5ForAttachments", true,
              "Computes the MD5 of each stored file, so that damage can be found."),
      boolean("CheckRevisions", false,
              "Protects metadata and attachments against simultaneous changes: whoever changes one "
              "must name the revision that he has read (If-Match). Needs StoreMD5ForAttachments."),
      optional_text("DatabaseServerIdentifier",
                    "Name of this server among several that share one index. By default derived from the "
                    "machine, the AET and the ports.")
          .unused(),
      boolean("ReadOnly", false, "Refuses every request that would change the index or the storage.")
          .unused(),
      optional_text("Locale", "Language rules for upper and lower case. Hilum uses Unicode's own rules.")
          .unused(),
      integer("StableAge", 60,
              "A patient, study or series is called stable when no instance arrived for this long.")
          .in("s")
          .between(0, 1 << 30),
      boolean("PatientLevelEnabled", true, "False hides the patient level from the REST API.").unused(),
      integer("StorageLoaderThreadsCount", 4, "Threads that read files ahead.").between(1, 1000).unused(),
      integer("StorageMemoryCapacity", 512, "Memory for files that are read ahead.")
          .in("MB")
          .between(0, 1 << 20)
          .unused(),
      integer("MallocArenaMax", 5, "Number of memory arenas of the C library; 0: its own choice.")
          .between(0, 1000)
          .unused(),
  };
}

OptionTable dictionary_options() {
  return {
      section("Dictionary",
              "Additional DICOM tags, as \"gggg,eeee\": [\"VR\", \"Name\", minimum, maximum, \"Private "
              "Creator\"]. Minimum and maximum multiplicity are 1 by default, a maximum of 0 is no "
              "limit; the creator is needed for private tags, of which only the low 8 bits of the "
              "element count."),
      boolean("LoadPrivateDictionary", true, "Knows the private tags of the vendors that DCMTK lists."),
      list("ExternalDictionaries", OptionType::kPathList, "[]",
           "DCMTK dictionary files to use in place of the built-in ones, in this order."),
      text("DefaultPrivateCreator", "", "Private creator of tags that requests name without one.")
          .owned_by("modification"),
      section("UserMetadata", "Names of own metadata, as \"name\": number from 1024 to 65535."),
      section("UserContentType",
              "Names of own attachments, as \"name\": number, or [number, \"MIME type\"]; numbers from "
              "1024 to 65535."),
      section("ExtraMainDicomTags",
              "More tags to keep in the index, so that lists and searches need not open files, as "
              "\"Patient\", \"Study\", \"Series\", \"Instance\": list of tags. Instances that are "
              "stored already need /tools/reconstruct."),
      section("Warnings",
              "Switches single warnings off, as \"W001_TagsBeingReadFromStorage\": false. Only the "
              "first four letters count.")
          .unused(),
  };
}

}  // namespace hilum::config
