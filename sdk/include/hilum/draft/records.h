/* hilum.records/draft: durable records of plugins, in the index's store. C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * A store is an ordered map from keys to values, both of any bytes, with a name of 1 to 64 characters of a-z, 0-9,
 * '.', '_' and '-'; by custom the name of the plugin whose it is, and it exists as soon as something is in it. For what
 * a plugin must find again after a restart: jobs, counters, registries. Keys have 1 to 1024 bytes, values at most 16 MiB
 * (HILUM_E_OUT_OF_RANGE). Records are not part of what `hilum index rebuild` makes again out of the storage. */
#ifndef HILUM_DRAFT_RECORDS_H
#define HILUM_DRAFT_RECORDS_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_RECORDS_DRAFT "hilum.records/draft"

typedef struct hilum_record_change {
  hilum_text key;
  hilum_text value; /* absent ({NULL, 0}): the record is erased; erasing what is not there is no error */
} hilum_record_change;

/* Returns 0 to go on, anything else to stop. */
typedef int32_t (*hilum_on_record)(void* context, hilum_text key, hilum_text value);

typedef struct hilum_records_draft {
  /* One value. HILUM_E_INEXISTENT_ITEM if there is none.
   * [any] */
  int32_t (*get)(const hilum_host* host, hilum_text store, hilum_text key, hilum_sink value);
  /* The records whose keys begin with `prefix` (may be empty), ascending by the bytes of the keys, as they are at one
   * moment. [any] */
  int32_t (*scan)(const hilum_host* host, hilum_text store, hilum_text prefix, hilum_on_record on_record,
                  void* context);
  /* Makes changes of one store, in their order; all or none; durable on return.
   * [any] [blocking] */
  int32_t (*write)(const hilum_host* host, hilum_text store, const hilum_record_change* changes,
                   uint64_t count);
  /* Adds `by` to a record that is a decimal number (absent: 0) and gives the sum; durable on return. Nobody gets the
   * same sum twice. HILUM_E_BAD_FORMAT if the record is something else.
   * [any] [blocking] */
  int32_t (*add)(const hilum_host* host, hilum_text store, hilum_text key, int64_t by, int64_t* sum);
} hilum_records_draft;

#ifdef __cplusplus
}
#endif
#endif
