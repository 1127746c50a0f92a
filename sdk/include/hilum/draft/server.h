/* hilum.server/draft: facts about the server and its plugins, and its end. C99.
 * A draft: it may change with any release until it moves out of this folder. */
#ifndef HILUM_DRAFT_SERVER_H
#define HILUM_DRAFT_SERVER_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_SERVER_DRAFT "hilum.server/draft"

enum hilum_plugin_state { HILUM_PLUGIN_RUNNING = 1, HILUM_PLUGIN_REFUSED = 2, HILUM_PLUGIN_STOPPED = 3 };

typedef struct hilum_plugin_info {
  uint32_t size;
  uint32_t state; /* enum hilum_plugin_state */
  hilum_text name, version, description;
  hilum_text file;   /* path of the shared object */
  hilum_text reason; /* why it was refused; else empty */
} hilum_plugin_info;

typedef struct hilum_route_info {
  uint32_t size;
  uint32_t reserved;
  hilum_text method; /* "GET" */
  hilum_text path, summary, since;
  hilum_text owner; /* the plugin that has registered it */
} hilum_route_info;

typedef struct hilum_server_draft {
  /* All plugins that were named or found, ascending by name.
   * [any] */
  int32_t (*plugins)(const hilum_host* host,
                     int32_t (*on_plugin)(void* context, const hilum_plugin_info* info), void* context);
  /* The main DICOM tags signature of a level: `gggg,eeee` joined by `;`.
   * [any] */
  int32_t (*main_tags_signature)(const hilum_host* host, uint32_t level, hilum_sink text);
  /* The identity of this database, of the form of a public id.
   * [any] */
  int32_t (*database_identifier)(const hilum_host* host, hilum_sink text);
  /* The TCP ports in use; 0 if the server is disabled.
   * [any] */
  void (*ports)(const hilum_host* host, uint32_t* http, uint32_t* dicom);
  /* 1 if nobody gets in without being meant to: remote access is off, or users must log in. Else 0.
   * [any] */
  int32_t (*is_secure)(const hilum_host* host);
  /* Asks the server to stop (0) or to start again in the same process (1). Returns at once.
   * [any] */
  int32_t (*stop)(const hilum_host* host, int32_t restart);
  /* 1 once the server ends or starts again: a handler that has been working for long gives up then.
   * [any] */
  int32_t (*is_stopping)(const hilum_host* host);
  /* All routes, ascending by path.
   * [any] */
  int32_t (*routes)(const hilum_host* host, int32_t (*on_route)(void* context, const hilum_route_info* info),
                    void* context);
  /* The routes as an OpenAPI 3 document (JSON).
   * [any] */
  int32_t (*openapi)(const hilum_host* host, hilum_sink json);
  /* All figures as they are now, in the text format of Prometheus; nothing while they are switched off.
   * [any] */
  int32_t (*metrics_text)(const hilum_host* host, hilum_sink text);
  /* The DICOM conformance statement of the server as it is configured now, in plain text.
   * [any] */
  int32_t (*dicom_conformance)(const hilum_host* host, hilum_sink text);
} hilum_server_draft;

#ifdef __cplusplus
}
#endif
#endif
