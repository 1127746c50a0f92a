/* hilum.events/1: what has happened, after it is durable; and filters, which decide before. C99. */
#ifndef HILUM_EVENTS_H
#define HILUM_EVENTS_H

#include "ingest.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_EVENTS_V1 "hilum.events/1"
#define HILUM_FILTERS_V1 "hilum.filters/1"

/* The numbers are those of the change log. */
enum hilum_event_type {
  HILUM_EVENT_COMPLETED_SERIES = 1,
  HILUM_EVENT_NEW_INSTANCE = 2,
  HILUM_EVENT_NEW_PATIENT = 3,
  HILUM_EVENT_NEW_SERIES = 4,
  HILUM_EVENT_NEW_STUDY = 5,
  HILUM_EVENT_STABLE_PATIENT = 12,
  HILUM_EVENT_STABLE_STUDY = 13,
  HILUM_EVENT_STABLE_SERIES = 14,
  HILUM_EVENT_UPDATED_ATTACHMENT = 15,
  HILUM_EVENT_UPDATED_METADATA = 16,
  HILUM_EVENT_DELETED = 4096,            /* not in the change log */
  HILUM_EVENT_NEW_CHILD_INSTANCE = 4097, /* not in the change log */
  HILUM_EVENT_SERVER_STARTED = 8192,     /* no resource; both servers answer */
  HILUM_EVENT_SERVER_STOPPING = 8193     /* no resource; before the servers stop */
};

typedef struct hilum_event {
  uint32_t size;
  uint32_t type;  /* enum hilum_event_type */
  uint32_t level; /* of the resource, 0 if none */
  uint32_t reserved;
  hilum_text resource; /* public id */
  int64_t sequence;    /* "Seq" in the change log, 0 if it is not logged */
  int64_t time_ms;
} hilum_event;

typedef struct hilum_events_v1 {
  /* Asks for all events, in their order, each after it is durable. The listener runs on a thread that belongs
   * to this plugin's events: it may block, call the index and REST; others are not held up. A listener that
   * lags far behind loses the oldest events, with one warning in the log; the change log has them all. The
   * listener is [serial]. [init] */
  int32_t (*listen)(const hilum_host* host, void (*on_event)(void* context, const hilum_event* event),
                    void* context);
} hilum_events_v1;

/* An instance that is about to be stored; valid until the filter returns. */
typedef struct hilum_incoming hilum_incoming;

/* What an instance filter says. */
enum hilum_verdict { HILUM_KEEP = 1, HILUM_DISCARD = 2 };

/* An HTTP request before routing. */
typedef struct hilum_http_question {
  uint32_t size;
  uint32_t method; /* enum hilum_method */
  hilum_text path; /* normalised, decoded */
  hilum_text remote_address;
  hilum_text user;
} hilum_http_question;

typedef struct hilum_filters_v1 {
  /* Asks to see each instance before it is stored. The filter returns HILUM_KEEP or HILUM_DISCARD (sender
   * told: stored, REST status "FilteredOut"), or any other status after host->fail: the instance is then
   * refused with that error. All filters must keep it. Runs on the thread that received the instance, several
   * at once. [init] */
  int32_t (*add_instance_filter)(const hilum_host* host,
                                 int32_t (*filter)(void* context, const hilum_incoming* instance),
                                 void* context);
  /* Facts about the instance, inside a filter. `tag_text` writes the value of a top-level element before
   * Pixel Data as UTF-8 text (HILUM_E_INEXISTENT_TAG if absent); `tags_json` all of them in the short JSON
   * form; `read` the bytes of the DICOM file as it will be stored. Only inside the filter, on its thread. */
  void (*origin)(const hilum_incoming* instance, hilum_origin* out);
  int32_t (*tag_text)(const hilum_incoming* instance, hilum_tag tag, hilum_sink text);
  int32_t (*tags_json)(const hilum_incoming* instance, hilum_sink json);
  uint64_t (*file_size)(const hilum_incoming* instance);
  int64_t (*read)(const hilum_incoming* instance, uint64_t offset, void* buffer, uint64_t capacity);

  /* Asks to see each HTTP request after authentication and before routing. The filter returns HILUM_KEEP to
   * let it pass, HILUM_DISCARD for 403 with an empty body, or any other status after host->fail. [init] */
  int32_t (*add_http_filter)(const hilum_host* host,
                             int32_t (*filter)(void* context, const hilum_http_question* question),
                             void* context);
} hilum_filters_v1;

#ifdef __cplusplus
}
#endif
#endif
