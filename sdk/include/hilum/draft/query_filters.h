/* hilum.query_filters/draft: plugins that look at the queries of the DICOM server (C-FIND, modality worklist) before they
 * are answered, and may change them. C99.
 * A draft: it may change with any release until it moves out of this folder. */
#ifndef HILUM_DRAFT_QUERY_FILTERS_H
#define HILUM_DRAFT_QUERY_FILTERS_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_QUERY_FILTERS_DRAFT "hilum.query_filters/draft"

enum hilum_query_kind {
  HILUM_QUERY_FIND = 1,    /* C-FIND of the Patient Root and Study Root models */
  HILUM_QUERY_WORKLIST = 2 /* C-FIND of the Modality Worklist model */
};

/* Who asks. */
typedef struct hilum_query_origin {
  uint32_t size;
  uint32_t kind; /* one of hilum_query_kind */
  hilum_text remote_aet;
  hilum_text called_aet;
  hilum_text remote_ip;
} hilum_query_origin;

/* Looks at a query. `query` is a JSON object in UTF-8: "gggg,eeee" to text, null for values that are no text, an array of such
 * objects for a sequence. To change it, writes the object that it shall be, whole, to `changed`; who writes nothing leaves it as it
 * is. What is not text cannot be changed, only left out. A status other than 0, after host->fail, refuses the query (C000).
 * Several at once, on any thread. */
typedef int32_t (*hilum_query_filter)(void* context, const hilum_query_origin* origin, hilum_text query,
                                      hilum_sink changed);

typedef struct hilum_query_filters_draft {
  /* Adds a filter for the kinds whose numbers are set in `kinds`, from when start has succeeded until stop. Filters are asked
   * in the order in which they were added, each with what the one before has made of the query. The context lives until
   * stop. [init] */
  int32_t (*add)(const hilum_host* host, uint32_t kinds, hilum_query_filter filter, void* context);
} hilum_query_filters_draft;

#ifdef __cplusplus
}
#endif
#endif
