/* hilum.move_jobs/draft: who sends what a C-MOVE has asked for in the background (SynchronousCMove: false). C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * The DICOM server looks resources and destination up, and answers the C-MOVE as soon as the plugin has taken the work over.
 * Without such a plugin the server sends the instances itself, while the client waits. */
#ifndef HILUM_DRAFT_MOVE_JOBS_H
#define HILUM_DRAFT_MOVE_JOBS_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_MOVE_JOBS_DRAFT "hilum.move_jobs/draft"

/* What to send; valid until `start` returns. */
typedef struct hilum_move_job {
  uint32_t size;
  uint32_t originator_id;      /* Message ID of the C-MOVE: MoveOriginatorMessageID of the C-STOREs */
  hilum_text originator_aet;   /* who has asked: MoveOriginatorApplicationEntityTitle */
  hilum_text called_aet;       /* as what the server was called */
  hilum_text modality;         /* symbolic name of the destination, see hilum.modalities/draft */
  hilum_text destination_aet;  /* as in the request */
  const hilum_text* resources; /* public ids of patients, studies, series or instances, not empty */
  uint64_t resource_count;
  uint64_t instance_count; /* how many instances they have together, at this moment */
} hilum_move_job;

/* Takes the work over, or refuses with a status after host->fail: the C-MOVE is then answered with C000. Must not wait for the
 * transfer. Several at once, on the threads of associations. */
typedef int32_t (*hilum_start_move)(void* context, const hilum_move_job* job);

typedef struct hilum_move_jobs_draft {
  /* From when start has succeeded until stop. The last plugin that asks gets the jobs. The context lives until stop.
   * [init] */
  int32_t (*provide)(const hilum_host* host, hilum_start_move start, void* context);
} hilum_move_jobs_draft;

#ifdef __cplusplus
}
#endif
#endif
