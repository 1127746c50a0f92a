/* hilum.commitment/draft: storage commitment (PS3.4 annex J) beyond the association that asks for it. C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * As SCP the DICOM server takes N-ACTION requests, and answers them later over an association of its own: in a job, if a plugin
 * has asked for them, else on a thread of its own. As SCU somebody has sent an N-ACTION (hilum.scu/draft); the N-EVENT-REPORTs
 * that answer it come to the DICOM server, which tells them to the plugins that listen. */
#ifndef HILUM_DRAFT_COMMITMENT_H
#define HILUM_DRAFT_COMMITMENT_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_COMMITMENT_DRAFT "hilum.commitment/draft"

/* Values of FailureReason (0008,1197), PS3.3 section C.14.1.1. */
enum hilum_commitment_failure {
  HILUM_COMMITMENT_OK = 0, /* not a value of the tag: committed */
  HILUM_COMMITMENT_PROCESSING_FAILURE = 0x0110,
  HILUM_COMMITMENT_NO_SUCH_INSTANCE = 0x0112,
  HILUM_COMMITMENT_CLASS_INSTANCE_CONFLICT = 0x0119,
  HILUM_COMMITMENT_CLASS_NOT_SUPPORTED = 0x0122,
  HILUM_COMMITMENT_DUPLICATE_TRANSACTION = 0x0131,
  HILUM_COMMITMENT_RESOURCE_LIMITATION = 0x0213
};

typedef struct hilum_commitment_item {
  hilum_text sop_class;
  hilum_text sop_instance;
  uint32_t
      failure_reason; /* of hilum_commitment_failure, or another value that the peer has sent; 0 in requests */
  uint32_t reserved;
} hilum_commitment_item;

/* What a peer wants to know (SCP). */
typedef struct hilum_commitment_request {
  uint32_t size;
  uint32_t reserved;
  hilum_text transaction_uid;
  hilum_text remote_aet; /* who asks, and gets the result */
  hilum_text called_aet; /* as what the server was called: the calling title of the result */
  const hilum_commitment_item* items;
  uint64_t item_count;
} hilum_commitment_request;

/* What a peer has answered (SCU). */
typedef struct hilum_commitment_report {
  uint32_t size;
  uint32_t event; /* Event Type ID: 1 all are committed, 2 some are not */
  hilum_text transaction_uid;
  hilum_text remote_aet;
  hilum_text called_aet;
  hilum_text remote_ip;
  const hilum_commitment_item* items; /* those that are committed have failure_reason 0 */
  uint64_t item_count;
} hilum_commitment_report;

/* Takes a request over for a job, whose work is hilum_commitment_draft.answer, or refuses with a status after host->fail: the
 * N-ACTION is then answered with 0110. Everything in `request` is valid until it returns. Must not wait. Several at once, on
 * the threads of associations. */
typedef int32_t (*hilum_start_commitment)(void* context, const hilum_commitment_request* request);

/* Is told a report. Returns 0; HILUM_E_INEXISTENT_ITEM for a transaction that is not its own; another status after host->fail: the
 * report is then answered with 0110 (processing failure). Several at once, on the threads of associations. */
typedef int32_t (*hilum_on_commitment)(void* context, const hilum_commitment_report* report);

typedef struct hilum_commitment_draft {
  /* Asks for the requests, from when start has succeeded until stop. The last plugin that asks gets them. The context lives
   * until stop. [init] */
  int32_t (*provide)(const hilum_host* host, hilum_start_commitment start, void* context);
  /* Asks to be told of reports, from when start has succeeded until stop. If no listener knows the transaction, the peer is
   * answered 0110. [init] */
  int32_t (*listen)(const hilum_host* host, hilum_on_commitment on_report, void* context);
  /* Finds out what is stored, opens an association to the modality of `remote_aet` and reports: N-EVENT-REPORT. Throws nothing away
   * and keeps nothing: may be tried again. HILUM_E_INEXISTENT_ITEM if the title is no modality's; HILUM_E_NETWORK if the report was not
   * taken. [any] [blocking] */
  int32_t (*answer)(const hilum_host* host, const hilum_commitment_request* request);
  /* How many of the items are stored: calls back for each in their order, with its failure_reason set (0: it is stored).
   * [any] */
  int32_t (*look_up)(const hilum_host* host, const hilum_commitment_item* items, uint64_t item_count,
                     int32_t (*on_item)(void* context, const hilum_commitment_item* item), void* context);
} hilum_commitment_draft;

#ifdef __cplusplus
}
#endif
#endif
