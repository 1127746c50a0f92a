/* hilum.jobs/draft: long work that can be watched, paused, resumed, cancelled and carried over a restart. C99.
 * A draft: it may change with any release until it moves out of this folder. Provided by the plugin `jobs`: list the id in
 * `required` (or `wanted`) of the plugin's descriptor.
 *
 * A job is a task that the engine runs step by step on threads of its own; /jobs shows it. The steps of one task never run
 * at the same time, and no function of a task runs while another one of it does, so that a task needs no lock of its own.
 * What a task says is kept in the server's index: after a restart, jobs whose type can load them go on.
 *
 * A plugin that has submitted jobs or added types calls `withdraw` before its `stop` returns. */
#ifndef HILUM_DRAFT_JOBS_H
#define HILUM_DRAFT_JOBS_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_JOBS_DRAFT "hilum.jobs/draft"

enum hilum_job_state {
  HILUM_JOB_PENDING = 1, /* waits for a thread */
  HILUM_JOB_RUNNING = 2,
  HILUM_JOB_SUCCESS = 3,
  HILUM_JOB_FAILURE = 4, /* also after a cancel: then the error is HILUM_E_CANCELED_JOB */
  HILUM_JOB_PAUSED = 5,
  HILUM_JOB_RETRY = 6 /* waits until its next try */
};

/* What comes after a step that has gone well. */
enum hilum_job_step {
  HILUM_JOB_CONTINUE = 1, /* another step */
  HILUM_JOB_DONE = 2,     /* the job has succeeded */
  HILUM_JOB_TRY_AGAIN = 3 /* the same again, after a while */
};

/* Why steps end. */
enum hilum_job_stop {
  HILUM_JOB_STOP_DONE = 1,
  HILUM_JOB_STOP_FAILED = 2,
  HILUM_JOB_STOP_PAUSED = 3,
  HILUM_JOB_STOP_CANCELED = 4,
  HILUM_JOB_STOP_SHUTDOWN = 5 /* the server stops; saved and loaded again later, if the type can */
};

/* The job that a step belongs to; valid from the call of `step` until it returns. */
typedef struct hilum_job hilum_job;

/* The work. All functions are called on threads of the engine or of whoever asks for the change, one at a time. */
typedef struct hilum_job_task {
  uint32_t size;
  uint32_t reserved;
  void* context; /* first argument of all functions */

  /* One step: a piece of work after which the job may be paused, cancelled or saved; a second or less is good, longer ones
   * ask `stop_requested` now and then. Returns 0 with *outcome set (enum hilum_job_step) and, for HILUM_JOB_TRY_AGAIN,
   * *retry_ms (at most a day); or a status after host->fail: the job has failed with that error. May block. */
  int32_t (*step)(void* context, hilum_job* job, uint32_t* outcome, uint64_t* retry_ms);

  /* Told when no further step follows for now: gives back what a paused or finished job need not hold. After
   * HILUM_JOB_STOP_PAUSED another step may come, or HILUM_JOB_STOP_CANCELED; after that one and HILUM_JOB_STOP_FAILED, `reset`.
   * A job that is cancelled before its first step is told, too. May be NULL. */
  void (*stop)(void* context, uint32_t reason);

  /* Prepares a job that has failed to be run anew from its beginning. A status after host->fail refuses: the job stays as it
   * is, and whoever asked gets that error (HILUM_E_BAD_SEQUENCE by custom). NULL: it can always be run again as it is. */
  int32_t (*reset)(void* context);

  /* Writes what the type's `load` needs to go on from here, after a restart; any bytes, at most 8 MiB. Called at the
   * submission, and between steps every few seconds. NULL, or nothing written: the job cannot be carried over a restart. */
  int32_t (*save)(void* context, hilum_sink text);

  /* The engine has no more use for the task. Not called if submit or run has failed before it took the task. */
  void (*release)(void* context);
} hilum_job_task;

/* Makes the task of a job again out of what `save` has written; the engine owns it if this returns 0. Called on any thread, when
 * the job is about to run or to be reset for the first time after a restart. A status after host->fail: the job fails
 * with that error. `id`: of the job. */
typedef int32_t (*hilum_load_job)(void* context, hilum_text id, hilum_text text, hilum_job_task* task);

enum hilum_job_flag {
  /* Never kept over a restart, not even as history (for what nobody could want to see again). */
  HILUM_JOB_VOLATILE = 1
};

typedef struct hilum_job_options {
  uint32_t size;
  int32_t priority; /* higher ones run first; 0 is usual */
  uint32_t flags;   /* of hilum_job_flag */
  uint32_t reserved;
  hilum_text content;          /* JSON object, `Content` of the job until set_content; absent: {} */
  hilum_text user_data;        /* JSON value, `UserData` of the job; absent: none */
  const hilum_text* resources; /* public ids that the job is about, for `GET /jobs?resource=ID` */
  uint64_t resource_count;
} hilum_job_options;

/* Something to download from a job: GET /jobs/{id}/{key}. */
typedef struct hilum_job_output {
  uint32_t size;
  int32_t
      descriptor; /* a regular file that is open for reading; copied (dup), so the caller closes his own */
  hilum_text key; /* 1 to 64 characters of a-z, A-Z, 0-9, '-', '_' and '.'; "archive" by custom */
  hilum_text media_type; /* "application/zip" */
  hilum_text file_name;  /* what a browser shall call it; absent: none */
} hilum_job_output;

typedef struct hilum_job_info {
  uint32_t size;
  uint32_t state;     /* enum hilum_job_state */
  int32_t error_code; /* hilum/status.h; 0: none */
  uint32_t reserved;
  double progress; /* 0 to 1 */
  hilum_text id, type;
  hilum_text content; /* JSON object */
  hilum_text error_message, error_details;
} hilum_job_info;

/* What listeners hear of. The numbers are those of the events of hilum/events.h's family that other servers use. */
enum hilum_job_event { HILUM_JOB_SUBMITTED = 16, HILUM_JOB_SUCCEEDED = 17, HILUM_JOB_FAILED = 18 };

typedef void (*hilum_on_job)(void* context, uint32_t event, const hilum_job_info* job);

typedef struct hilum_jobs_draft {
  void* engine; /* first argument of the functions of this table that have no hilum_job */

  /* --- types and jobs --- */

  /* Adds a type of jobs: 1 to 64 characters of a-z, A-Z, 0-9, '-', '_' and '.'. `load` may be NULL: jobs of this type are not
   * carried over a restart (those that were not finished are then failures that say so). HILUM_E_DUPLICATE if another plugin
   * has it. [init] */
  int32_t (*add_type)(void* engine, const hilum_host* host, hilum_text type, hilum_load_job load,
                      void* context);
  /* Asks to hear of jobs, after the fact; calls come one after the other on one thread of the engine, which may wait in
   * them. One that lags 10,000 behind loses the oldest, with a warning. [init] */
  int32_t (*listen)(void* engine, const hilum_host* host, hilum_on_job on_job, void* context);
  /* Ends what the engine does for this plugin: waits for steps that run (they are asked to stop), saves jobs, releases
   * the tasks, forgets types and listeners. For the plugin's `stop`. Never fails, never call it from a task.
   * [any] [blocking] */
  void (*withdraw)(void* engine, const hilum_host* host);

  /* Hands a task over. `type` need not have been added if the job cannot be carried over a restart. Writes the job's id (a
   * UUID) to `id`. The engine owns the task if this returns 0. HILUM_E_BUSY if too many jobs wait; HILUM_E_BAD_FORMAT for
   * content or user data that are no JSON; HILUM_E_UNAVAILABLE while the server stops. [any] [blocking] */
  int32_t (*submit)(void* engine, const hilum_host* host, hilum_text type, const hilum_job_task* task,
                    const hilum_job_options* options, hilum_sink id);
  /* Submits, and waits for the end, whatever the history keeps. Returns 0 with the job's content written if it has
   * succeeded; else its error (HILUM_E_CANCELED_JOB if it was cancelled). HILUM_E_UNAVAILABLE if the server stops meanwhile: the job
   * may go on afterwards. HILUM_E_BUSY, before anything happens, if so many wait already that the server could no longer be reached.
   * HILUM_E_BAD_SEQUENCE inside a step of a job: all threads might wait for each other. `*taken` (may be NULL) is 1 if the
   * engine has taken the task, also on failure. [any] [blocking] */
  int32_t (*run)(void* engine, const hilum_host* host, hilum_text type, const hilum_job_task* task,
                 const hilum_job_options* options, hilum_sink content, int32_t* taken);
  /* What a job is now, while it is known. HILUM_E_INEXISTENT_ITEM.
   * [any] */
  int32_t (*info)(void* engine, const hilum_host* host, hilum_text id, hilum_on_job on_job, void* context);

  /* --- changes of state, as by the routes; HILUM_E_INEXISTENT_ITEM for an unknown job --- */

  /* A running job is paused or cancelled at the end of its step; one that has ended stays as it is.
   * [any] */
  int32_t (*pause)(void* engine, const hilum_host* host, hilum_text id);
  int32_t (*cancel)(void* engine, const hilum_host* host, hilum_text id);
  /* HILUM_E_BAD_SEQUENCE unless the job is paused.
   * [any] */
  int32_t (*resume)(void* engine, const hilum_host* host, hilum_text id);
  /* HILUM_E_BAD_SEQUENCE unless the job has failed, or if its task refuses.
   * [any] [blocking] */
  int32_t (*resubmit)(void* engine, const hilum_host* host, hilum_text id);

  /* --- inside a step, from any of its threads --- */

  /* The job's id.
   * [any] */
  hilum_text (*id)(const hilum_job* job);
  /* 0 to 1 (others are clamped); shown at once. Progress that a task sets itself is the only one there is.
   * [any] */
  void (*set_progress)(hilum_job* job, double progress);
  /* Replaces the public content, a JSON object of at most 4 MiB; shown at once, kept over restarts.
   * HILUM_E_BAD_FORMAT, HILUM_E_TOO_LARGE. [any] */
  int32_t (*set_content)(hilum_job* job, hilum_text json);
  /* Adds or replaces an output; it is there for clients once the job has succeeded, and vanishes with the job, with the
   * server, and when MediaArchiveSize younger jobs have outputs. HILUM_E_OUT_OF_RANGE. [any] */
  int32_t (*set_output)(hilum_job* job, const hilum_job_output* output);
  /* HILUM_E_INEXISTENT_ITEM.
   * [any] */
  int32_t (*remove_output)(hilum_job* job, hilum_text key);
  /* `ErrorPayload` of the job, a JSON object {"Type", "Content"}; absent: none. Forgotten by a resubmit.
   * HILUM_E_BAD_FORMAT. [any] */
  int32_t (*set_error_payload)(hilum_job* job, hilum_text json);
  /* 0, or why this step should come to an end soon (HILUM_JOB_STOP_PAUSED, _CANCELED, _SHUTDOWN): return HILUM_JOB_CONTINUE
   * from a place where the work can go on. [any] */
  uint32_t (*stop_requested)(const hilum_job* job);
} hilum_jobs_draft;

#ifdef __cplusplus
}
#endif
#endif
