/* hilum.batches/draft: storing many instances as one change, which happens as a whole or not at all. C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * A batch is filled by one thread at a time, then committed. Until then nobody sees anything of it, and a crash or
 * closing it leaves nothing behind. The commit is one group of the log: after a crash at any moment either all of it is
 * there or nothing. It runs in this order: instances, metadata and labels, removals, records; each in the order of its
 * calls. Memory grows with the number of instances, not with their sizes (anonymizing 10,000 of 5 KB took 120 MB on top:
 * tests/bench/run --only archives); files beyond 16 MiB wait on the disk. While a batch is committed, other changes wait. */
#ifndef HILUM_DRAFT_BATCHES_H
#define HILUM_DRAFT_BATCHES_H

#include "../ingest.h"
#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_BATCHES_DRAFT "hilum.batches/draft"

typedef struct hilum_batch hilum_batch;

typedef int32_t (*hilum_on_stored)(void* context, const hilum_stored* stored);

typedef struct hilum_batches_draft {
  /* [any] */
  int32_t (*open)(const hilum_host* host, hilum_batch** out);
  /* Closes a batch; without a commit that succeeded before, nothing of it happens.
   * [any] */
  void (*close)(hilum_batch* batch);

  /* Adds one DICOM file given in memory, which passes the filters and rules of every instance. `out` (may be NULL) gets
   * its ids and HILUM_STORED, or HILUM_FILTERED_OUT: then it is no part of the batch. Whether it is there already is
   * decided by the commit. `origin` and errors as of hilum.ingest/1 store; after an error the batch is as before.
   * [any] [blocking] */
  int32_t (*add)(hilum_batch* batch, const void* dicom, uint64_t size, const hilum_origin* origin,
                 hilum_stored* out);

  /* Sets metadata of a resource that will be there once the instances are stored (1 to 65535, the server's own too);
   * passed over if it is not. HILUM_E_UNKNOWN_RESOURCE for what is no public id, HILUM_E_OUT_OF_RANGE.
   * [any] */
  int32_t (*set_metadata)(hilum_batch* batch, hilum_text public_id, int32_t key, hilum_text value);
  /* The same for a label. HILUM_E_OUT_OF_RANGE for a label that cannot be one.
   * [any] */
  int32_t (*add_label)(hilum_batch* batch, hilum_text public_id, hilum_text label);
  /* Removes a resource of any level with all below it and what it leaves empty above it; passed over if it is gone.
   * HILUM_E_BAD_REQUEST (from the commit) if an instance of the batch would be lost by it.
   * [any] */
  int32_t (*remove)(hilum_batch* batch, hilum_text public_id);
  /* Changes of records, see hilum.records/draft.
   * [any] */
  int32_t (*write_record)(hilum_batch* batch, hilum_text store, const hilum_record_change* change);

  /* What the batch was made of: the commit fails with HILUM_E_REVISION unless the instance is there, with the DICOM file
   * whose attachment has this `uuid` (36 characters, of hilum_attachment). Looked at before anything is stored.
   * HILUM_E_UNKNOWN_RESOURCE, HILUM_E_OUT_OF_RANGE for what is no public id or no UUID.
   * [any] */
  int32_t (*expect_file)(hilum_batch* batch, hilum_text public_id, hilum_text uuid);
  /* From now on an instance that is there already and would be kept makes the commit fail with HILUM_E_DUPLICATE. For
   * batches that remove what their instances were made of.
   * [any] */
  int32_t (*require_new)(hilum_batch* batch);

  /* From now on instances are stored in the transfer syntax that they have, whatever the option IngestTranscoding says. For
   * who has been asked for a certain one.
   * [any] */
  int32_t (*keep_transfer_syntax)(hilum_batch* batch);

  /* Makes everything of the batch happen; durable on return. `on_stored` (may be NULL) is then called for each instance
   * that was added, in that order, with HILUM_STORED or HILUM_ALREADY_STORED (it was there and is kept: the rules of
   * OverwriteInstances). What `on_stored` returns does not matter. After an error nothing has happened, and the batch can
   * only be closed: HILUM_E_FULL_STORAGE, HILUM_E_BUSY, HILUM_E_CANNOT_WRITE, HILUM_E_DATABASE; HILUM_E_BAD_SEQUENCE for a
   * second commit. [any] [blocking] */
  int32_t (*commit)(hilum_batch* batch, hilum_on_stored on_stored, void* context);
} hilum_batches_draft;

#ifdef __cplusplus
}
#endif
#endif
