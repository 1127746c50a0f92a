/* hilum.worklists/draft: where the entries of modality worklists come from (PS3.4 annex K). C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * The DICOM server accepts the Modality Worklist SOP class as long as some plugin provides entries; association, permissions,
 * C-CANCEL and encodings are its business. The C++ toolbox hilum/dicom/worklist_match.h matches entries. */
#ifndef HILUM_DRAFT_WORKLISTS_H
#define HILUM_DRAFT_WORKLISTS_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_WORKLISTS_DRAFT "hilum.worklists/draft"

/* A query, valid until `find` returns. */
typedef struct hilum_worklist_query {
  uint32_t size;
  uint32_t reserved;
  const void* identifier; /* a data set without meta header in Explicit VR Little Endian */
  uint64_t identifier_size;
  hilum_text remote_aet; /* who asks */
  hilum_text called_aet;
  hilum_text remote_ip;
} hilum_worklist_query;

/* Where answers go; valid until `find` returns. */
typedef struct hilum_worklist_answers hilum_worklist_answers;

typedef struct hilum_worklist_provider {
  uint32_t size;
  uint32_t reserved;
  void* context;

  /* Gives every entry that matches to hilum_worklists_draft.answer. Returns 0, or a status after host->fail: the query then ends
   * with C000 (what has been answered stays so). Several at once, on the threads of associations. */
  int32_t (*find)(void* context, const hilum_worklist_query* query, hilum_worklist_answers* answers);
} hilum_worklist_provider;

typedef struct hilum_worklists_draft {
  /* Provides entries from when start has succeeded until stop. Several plugins may: they are asked one after the other. The
   * context lives until stop. [init] */
  int32_t (*provide)(const hilum_host* host, const hilum_worklist_provider* provider);
  /* Sends one answer: a data set without meta header in Explicit VR Little Endian, whose texts are in the character set that it
   * declares. HILUM_E_CANCELED_JOB if the client has cancelled or is gone: `find` should return, its status is then of no
   * interest. HILUM_E_BAD_FORMAT for bytes that are no data set. Only inside `find`, on its thread. [blocking] */
  int32_t (*answer)(hilum_worklist_answers* answers, const void* data_set, uint64_t size);
  /* Says that there are more matches than have been answered: the final status will be FE00. Only inside `find`. */
  int32_t (*set_incomplete)(hilum_worklist_answers* answers);
  /* 1 as long as somebody waits for answers, 0 once the client has cancelled or is gone: for searches that take long
   * without a match. Only inside `find`. */
  int32_t (*is_wanted)(hilum_worklist_answers* answers);
} hilum_worklists_draft;

#ifdef __cplusplus
}
#endif
#endif
