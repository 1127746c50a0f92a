/* hilum.changes/1: the log of changes and the log of exports. C99.
 *
 * Both are numbered lists that only grow at their end: a sequence is never given twice. Deleting a resource
 * erases its changes, and leaves the exports. A page costs what it holds, wherever in the log it lies. */
#ifndef HILUM_CHANGES_H
#define HILUM_CHANGES_H

#include "events.h"
#include "index.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_CHANGES_V1 "hilum.changes/1"

/* Which rows a page holds: those with a sequence > `since` and <= `to`, ascending. */
typedef struct hilum_log_query {
  uint32_t size;
  uint32_t from_end; /* 0: the first `limit` of them; 1: the last */
  int64_t since;
  int64_t to; /* INT64_MAX: to the end */
  uint64_t limit;
  const uint32_t* types; /* for changes: only those of these types (enum hilum_event_type); absent: all */
  uint64_t type_count;
} hilum_log_query;

/* How far a page has come. Rows that are of other types are passed over, but not for ever: after 100,000 of
 * them the page ends. Who wants more asks again with since = last, or with to = first - 1 from the end. */
typedef struct hilum_log_page {
  uint32_t size;
  uint32_t is_complete; /* 1: no other row fits the query */
  int64_t first, last;  /* the rows of these sequences and all between have been looked at; 0, 0: none */
} hilum_log_page;

/* One row of the log of exports: a resource that was sent elsewhere. */
typedef struct hilum_export {
  uint32_t size;
  uint32_t level;
  int64_t sequence;
  int64_t time_ms;
  hilum_text resource; /* public id */
  hilum_text remote;   /* symbolic name of the destination */
  hilum_text patient_id;
  hilum_text study_instance_uid; /* absent above its level, as the next two */
  hilum_text series_instance_uid;
  hilum_text sop_instance_uid;
} hilum_export;

/* Callbacks: return 0 to go on, anything else to stop. */
typedef int32_t (*hilum_on_change)(void* context, const hilum_event* change);
typedef int32_t (*hilum_on_export)(void* context, const hilum_export* row);

typedef struct hilum_changes_v1 {
  /* Changes of a snapshot, in the order of their sequence. `page` may be NULL.
   * [any] */
  int32_t (*changes)(const hilum_snapshot* snapshot, const hilum_log_query* query, hilum_on_change on_change,
                     void* context, hilum_log_page* page);
  /* The greatest sequence ever given to a change; 0 if none was. It never goes down.
   * [any] */
  int64_t (*last_change)(const hilum_snapshot* snapshot);
  /* Empties the log of changes; durable on return.
   * [any] [blocking] */
  int32_t (*clear_changes)(const hilum_host* host);

  /* Exports of a snapshot; `types` of the query must be absent. `page` may be NULL.
   * [any] */
  int32_t (*exports)(const hilum_snapshot* snapshot, const hilum_log_query* query, hilum_on_export on_export,
                     void* context, hilum_log_page* page);
  /* Adds a row: a resource of any level is being sent to `remote` (1 to 256 bytes, else
   * HILUM_E_OUT_OF_RANGE). Durable on return. `*sequence` may be NULL; 0 if the option `LogExportedResources`
   * is off, and nothing was added. HILUM_E_UNKNOWN_RESOURCE. [any] [blocking] */
  int32_t (*log_export)(const hilum_host* host, hilum_text public_id, hilum_text remote, int64_t* sequence);
  /* Empties the log of exports; durable on return.
   * [any] [blocking] */
  int32_t (*clear_exports)(const hilum_host* host);
} hilum_changes_v1;

#ifdef __cplusplus
}
#endif
#endif
