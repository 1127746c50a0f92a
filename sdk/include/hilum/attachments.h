/* hilum.attachments/1: the bytes that belong to resources. C99.
 *
 * An attachment has a type: 1 is the DICOM file of an instance, 1024 to 65535 belong to users. Its content
 * may be stored compressed; unless a function says "stored", sizes and bytes are those of the content. */
#ifndef HILUM_ATTACHMENTS_H
#define HILUM_ATTACHMENTS_H

#include "index.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_ATTACHMENTS_V1 "hilum.attachments/1"

enum {
  HILUM_ATTACHMENT_DICOM = 1,
  HILUM_ATTACHMENT_DICOM_AS_JSON = 2,          /* not made by this server */
  HILUM_ATTACHMENT_DICOM_UNTIL_PIXEL_DATA = 3, /* of files that are stored compressed */
  HILUM_ATTACHMENT_USER_FIRST = 1024,
  HILUM_ATTACHMENT_USER_LAST = 65535
};

typedef struct hilum_blob hilum_blob; /* an attachment opened for reading */

typedef struct hilum_attachments_v1 {
  /* Opens an attachment of a resource for reading. The bytes stay readable until close, even if the
   * attachment is deleted or replaced meanwhile. HILUM_E_UNKNOWN_RESOURCE if the resource has none of this
   * type; HILUM_E_CORRUPTED if the storage has lost it. [any] [blocking] */
  int32_t (*open)(const hilum_host* host, const hilum_resource* resource, int32_t type, hilum_blob** out);
  /* [any] */
  void (*close)(hilum_blob* blob);
  /* [any] */
  void (*info)(const hilum_blob* blob, hilum_attachment* out);
  /* Reads content from an offset: bytes read, 0 at the end, negative on failure (see last_error). Reading
   * forward is cheapest when the attachment is stored compressed. One thread at a time for each blob.
   * [blocking] */
  int64_t (*read)(hilum_blob* blob, uint64_t offset, void* buffer, uint64_t capacity);
  /* The same for the stored form.
   * One thread at a time for each blob. [blocking] */
  int64_t (*read_stored)(hilum_blob* blob, uint64_t offset, void* buffer, uint64_t capacity);

  /* Sets a user attachment from `content`; durable when it returns. `*revision` becomes 0 for a new
   * attachment, else one more than before. `condition` may be NULL. HILUM_E_UNKNOWN_RESOURCE,
   * HILUM_E_REVISION, HILUM_E_FORBIDDEN for a type that is not a user's, HILUM_E_FULL_STORAGE. [any]
   * [blocking] */
  int32_t (*put)(const hilum_host* host, hilum_text resource_id, int32_t type, hilum_source content,
                 const hilum_condition* condition, int64_t* revision);
  /* Deletes an attachment; durable when it returns. HILUM_E_UNKNOWN_RESOURCE if there is none.
   * [any] [blocking] */
  int32_t (*remove)(const hilum_host* host, hilum_text resource_id, int32_t type,
                    const hilum_condition* condition);
  /* Stores the attachment compressed (1) or not (0); no change if it is so already.
   * [any] [blocking] */
  int32_t (*set_compressed)(const hilum_host* host, hilum_text resource_id, int32_t type, int32_t compressed);
  /* As open, but for the stored form: it is the content of this blob, in info, read and the answers of
   * hilum.http/1. [any] [blocking] */
  int32_t (*open_stored)(const hilum_host* host, const hilum_resource* resource, int32_t type,
                         hilum_blob** out);
} hilum_attachments_v1;

#ifdef __cplusplus
}
#endif
#endif
