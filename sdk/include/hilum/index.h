/* hilum.index/1: patients, studies, series and instances. C99.
 *
 * Reading goes through a snapshot, a view of the index as it was when the snapshot was opened: readers never
 * wait for writers, and several reads of one snapshot agree with each other. Opening one is cheap; do not
 * keep it for longer than a request, for it holds back the space of what is deleted meanwhile.
 *
 * Writing is durable when the function returns. */
#ifndef HILUM_INDEX_H
#define HILUM_INDEX_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_INDEX_V1 "hilum.index/1"

typedef struct hilum_snapshot hilum_snapshot;
typedef struct hilum_resource hilum_resource; /* one patient, study, series or instance in a snapshot */

/* Metadata of the server itself, by their numbers. 1024 to 65535 belong to users. */
enum hilum_metadata {
  HILUM_METADATA_INDEX_IN_SERIES = 1,
  HILUM_METADATA_RECEPTION_DATE = 2,
  HILUM_METADATA_REMOTE_AET = 3,
  HILUM_METADATA_EXPECTED_INSTANCES = 4,
  HILUM_METADATA_MODIFIED_FROM = 5,
  HILUM_METADATA_ANONYMIZED_FROM = 6,
  HILUM_METADATA_LAST_UPDATE = 7,
  HILUM_METADATA_ORIGIN = 8,
  HILUM_METADATA_TRANSFER_SYNTAX = 9,
  HILUM_METADATA_SOP_CLASS = 10,
  HILUM_METADATA_REMOTE_IP = 11,
  HILUM_METADATA_CALLED_AET = 12,
  HILUM_METADATA_HTTP_USERNAME = 13,
  HILUM_METADATA_PIXEL_DATA_OFFSET = 14,
  HILUM_METADATA_MAIN_TAGS_SIGNATURE = 15,
  HILUM_METADATA_MAIN_SEQUENCES = 16,
  HILUM_METADATA_PIXEL_DATA_VR = 17
};

/* Shape of the value of a main DICOM tag: UTF-8 text (several values joined by a backslash), or the items of
 * a sequence as a JSON array of objects in the full form ("gggg,eeee": {"Name", "Type", "Value"}). */
enum hilum_value_kind { HILUM_VALUE_TEXT = 1, HILUM_VALUE_SEQUENCE = 2 };

typedef struct hilum_attachment {
  uint32_t size;
  int32_t type;
  uint64_t content_size;
  uint64_t stored_size;
  int64_t revision;
  int32_t compressed; /* 1: stored as an 8-byte little-endian content size and a zlib stream */
  uint32_t reserved;
  hilum_text uuid;
  hilum_text content_md5; /* 32 lower hex digits, or empty if none was computed */
  hilum_text stored_md5;
} hilum_attachment;

typedef struct hilum_statistics {
  uint32_t size;
  uint32_t reserved;
  uint64_t patients, studies, series, instances;  /* below the resource, or in all */
  uint64_t stored_size, content_size;             /* of all attachments */
  uint64_t dicom_stored_size, dicom_content_size; /* of DICOM files only */
} hilum_statistics;

/* When a write is to be refused: the HTTP If-Match of the REST API. */
enum hilum_condition_mode {
  HILUM_IF_ANY = 0,
  HILUM_IF_MATCH = 1, /* the item is absent, or has this revision and this MD5; else HILUM_E_REVISION */
  HILUM_IF_ABSENT = 2 /* the item is absent; else HILUM_E_REVISION */
};
typedef struct hilum_condition {
  uint32_t size;
  uint32_t mode;
  int64_t revision;
  hilum_text md5; /* of the metadata value or of the attachment's content */
} hilum_condition;

/* Callbacks of enumerations: return 0 to go on, anything else to stop; the enumeration then returns 0 as
 * well. */
typedef int32_t (*hilum_on_id)(void* context, hilum_text public_id);
typedef int32_t (*hilum_on_text)(void* context, hilum_text text);
typedef int32_t (*hilum_on_tag)(void* context, hilum_tag tag, uint32_t value_kind, hilum_text value);
typedef int32_t (*hilum_on_metadata)(void* context, int32_t key, hilum_text value, int64_t revision);
typedef int32_t (*hilum_on_attachment)(void* context, const hilum_attachment* attachment);

typedef struct hilum_index_v1 {
  /* [any] */
  int32_t (*snapshot_open)(const hilum_host* host, hilum_snapshot** out);
  /* Closes a snapshot; resources opened in it must be closed before.
   * [any] */
  void (*snapshot_close)(hilum_snapshot* snapshot);

  /* --- the whole index --- */

  /* Ids of a level in the order of their creation, `since` of them skipped, at most `limit`. Its cost does
   * not depend on the size of the archive. [any] */
  int32_t (*list)(const hilum_snapshot* snapshot, uint32_t level, uint64_t since, uint64_t limit,
                  hilum_on_id on_id, void* context);
  /* [any] */
  int32_t (*totals)(const hilum_snapshot* snapshot, hilum_statistics* out);
  /* All distinct labels in use at a level (0: at any), ascending.
   * [any] */
  int32_t (*labels)(const hilum_snapshot* snapshot, uint32_t level, hilum_on_text on_label, void* context);

  /* --- one resource --- */

  /* Opens a resource by its public id. With a level other than 0, an id of another level is not found.
   * HILUM_E_UNKNOWN_RESOURCE if there is none; never an error in the log.
   * [any] */
  int32_t (*open)(const hilum_snapshot* snapshot, hilum_text public_id, uint32_t level, hilum_resource** out);
  /* [any] */
  void (*close)(hilum_resource* resource);
  /* [any] */
  uint32_t (*level)(const hilum_resource* resource);
  hilum_text (*id)(const hilum_resource* resource); /* 44 characters */
  /* The ancestor at a level above. HILUM_E_BAD_TYPE if the level is not above.
   * [any] */
  int32_t (*ancestor)(const hilum_resource* resource, uint32_t level, hilum_resource** out);
  /* Ids of the descendants at a level below, in the order of their creation. HILUM_E_BAD_TYPE if the level is
   * not below. [any] */
  int32_t (*descendants)(const hilum_resource* resource, uint32_t level, hilum_on_id on_id, void* context);
  /* Main DICOM tags of the resource at `of_level`, ascending. of_level is the resource's own level, or
   * HILUM_PATIENT for a study, which has its own copy of the patient's tags. [any] */
  int32_t (*tags)(const hilum_resource* resource, uint32_t of_level, hilum_on_tag on_tag, void* context);
  /* Metadata, ascending by key.
   * [any] */
  int32_t (*metadata)(const hilum_resource* resource, hilum_on_metadata on_metadata, void* context);
  /* Attachments, ascending by type; the texts live until the callback returns.
   * [any] */
  int32_t (*attachments)(const hilum_resource* resource, hilum_on_attachment on_attachment, void* context);
  /* Labels, ascending.
   * [any] */
  int32_t (*resource_labels)(const hilum_resource* resource, hilum_on_text on_label, void* context);
  /* Counts and sizes of the resource and all below it.
   * [any] */
  int32_t (*statistics)(const hilum_resource* resource, hilum_statistics* out);
  /* 1 or 0. A resource is stable when no instance has been added to it for `StableAge` seconds.
   * [any] */
  int32_t (*is_stable)(const hilum_resource* resource);
  /* 1 or 0; for patients only. A protected patient is never recycled.
   * [any] */
  int32_t (*is_protected)(const hilum_resource* resource);

  /* --- writing; durable on return --- */

  /* Sets one metadata of a resource of any level. Keys below 1024 are the server's own: a plugin may set them
   * too, the routes for users may not. `*revision`: 0 for a new one, else one more than before. `condition`
   * may be NULL. HILUM_E_UNKNOWN_RESOURCE, HILUM_E_REVISION. [any] [blocking] */
  int32_t (*set_metadata)(const hilum_host* host, hilum_text public_id, int32_t key, hilum_text value,
                          const hilum_condition* condition, int64_t* revision);
  /* HILUM_E_UNKNOWN_RESOURCE if the resource or the metadata does not exist; HILUM_E_REVISION.
   * [any] [blocking] */
  int32_t (*delete_metadata)(const hilum_host* host, hilum_text public_id, int32_t key,
                             const hilum_condition* condition);
  /* Adds a label (1 to 64 characters of A-Z a-z 0-9 _ -, else HILUM_E_OUT_OF_RANGE); no change if it is
   * there. [any] [blocking] */
  int32_t (*add_label)(const hilum_host* host, hilum_text public_id, uint32_t level, hilum_text label);
  /* Removes a label; no change if it is not there. HILUM_E_UNKNOWN_RESOURCE if the resource does not exist.
   * [any] [blocking] */
  int32_t (*remove_label)(const hilum_host* host, hilum_text public_id, uint32_t level, hilum_text label);
  /* Protects a patient from recycling (1) or not (0). HILUM_E_OUT_OF_RANGE if the id is not a patient's.
   * [any] [blocking] */
  int32_t (*set_protected)(const hilum_host* host, hilum_text public_id, int32_t is_protected);
  /* Deletes a resource, all below it, and what is empty above it. Writes the lowest ancestor that remains:
   * its level (0 if none) and its 44-character id. [any] [blocking] */
  int32_t (*delete_resource)(const hilum_host* host, hilum_text public_id, uint32_t level,
                             uint32_t* remaining_level, char remaining_id[44]);
} hilum_index_v1;

#ifdef __cplusplus
}
#endif
#endif
