/* hilum.query/draft: searching the index. C99.
 * A draft: it may change with any release until it moves out of this folder. */
#ifndef HILUM_DRAFT_QUERY_H
#define HILUM_DRAFT_QUERY_H

#include "../index.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_QUERY_DRAFT "hilum.query/draft"

/* A main DICOM tag and what it must match: value, list (`a\b`), wildcards (`*`, `?`), range (`a-b`), by the
 * rules of POST /tools/find. An empty value demands nothing. */
typedef struct hilum_tag_constraint {
  hilum_tag tag;
  uint32_t reserved; /* 0 */
  hilum_text value;
} hilum_tag_constraint;

typedef struct hilum_metadata_constraint {
  int32_t key;
  uint32_t reserved; /* 0 */
  hilum_text value;  /* as of a tag with wildcards */
} hilum_metadata_constraint;

enum hilum_label_rule {
  HILUM_LABELS_ALL = 0, /* every one of them; no labels: no demand */
  HILUM_LABELS_ANY = 1, /* one of them; no labels: no demand */
  HILUM_LABELS_NONE = 2 /* none of them; no labels: resources without any label */
};

enum hilum_order_as { HILUM_ORDER_TEXT = 0, HILUM_ORDER_INTEGER = 1, HILUM_ORDER_FLOAT = 2 };

typedef struct hilum_ordering {
  hilum_tag tag;        /* a main tag of the level or above; 0: metadata */
  int32_t metadata_key; /* of the queried level */
  uint32_t as;          /* enum hilum_order_as */
  int32_t descending;   /* 0 or 1 */
} hilum_ordering;

enum hilum_query_flag {
  HILUM_QUERY_CASE_SENSITIVE = 1,
  /* Give what may match as well: resources that lack a tag because it became a main tag (ExtraMainDicomTags)
   * after they were stored. Without it they do not match. */
  HILUM_QUERY_WITH_DOUBTFUL = 2
};

typedef struct hilum_query {
  uint32_t size;
  uint32_t level; /* enum hilum_level */
  uint32_t flags; /* enum hilum_query_flag */
  uint32_t label_rule;
  const hilum_tag_constraint* tags; /* all must hold */
  uint64_t tag_count;
  const hilum_metadata_constraint* metadata; /* all must hold */
  uint64_t metadata_count;
  const hilum_text* labels;
  uint64_t label_count;
  const hilum_text* parents; /* public ids; all must be above the match */
  uint64_t parent_count;
  const hilum_ordering* orderings; /* none: the order of creation */
  uint64_t ordering_count;
  uint64_t since; /* matches to skip */
  uint64_t limit; /* at most so many */
} hilum_query;

/* Returns 0 to go on. `certain` is 0 for a match that HILUM_QUERY_WITH_DOUBTFUL has let in. */
typedef int32_t (*hilum_on_match)(void* context, hilum_text public_id, int32_t certain);
typedef int32_t (*hilum_on_resource)(void* context, uint32_t level, hilum_text public_id);

typedef struct hilum_query_draft {
  /* The matches, each once. A constraint on a main tag of a level below, or on a tag that is no main tag,
   * matches nothing (see is_main_tag); ModalitiesInStudy is known at the level of studies.
   * HILUM_E_OUT_OF_RANGE for wildcards in a VR without them and for a label that cannot be one;
   * HILUM_E_BAD_REQUEST for more matches than can be put in order. [any] */
  int32_t (*find)(const hilum_snapshot* snapshot, const hilum_query* query, hilum_on_match on_match,
                  void* context);
  /* How many matches there are; `since`, `limit` and the order do not count.
   * [any] */
  int32_t (*count)(const hilum_snapshot* snapshot, const hilum_query* query, uint64_t* certain,
                   uint64_t* doubtful);
  /* Patients by PatientID, studies, series and instances by their UIDs, in this order. Case, accents and
   * surrounding spaces are ignored, `_` and `%` are spaces. [any] */
  int32_t (*lookup)(const hilum_snapshot* snapshot, hilum_text identifier, hilum_on_resource on_resource,
                    void* context);
  /* 1 if find can decide the tag at this level: a main tag of it or of a level above, or ModalitiesInStudy of
   * studies. 2 if it is a main tag of a level below only. Else 0. [any] */
  int32_t (*is_main_tag)(const hilum_host* host, uint32_t level, hilum_tag tag);
} hilum_query_draft;

#ifdef __cplusplus
}
#endif
#endif
