/* hilum.rest/1: REST calls inside the process, without a socket. C99. */
#ifndef HILUM_REST_H
#define HILUM_REST_H

#include "http.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_REST_V1 "hilum.rest/1"

typedef struct hilum_header {
  hilum_text name;
  hilum_text value;
} hilum_header;

typedef struct hilum_rest_call {
  uint32_t size;
  uint32_t method; /* enum hilum_method */
  hilum_text path; /* with the query, percent-encoded, such as "/studies?limit=10&since=0" */
  const hilum_header* headers;
  uint64_t header_count;
  const void* body;
  uint64_t body_size;
} hilum_rest_call;

typedef struct hilum_rest_v1 {
  /* Runs the route on the calling thread as the server itself (no authentication, no HTTP filters) and writes
   * the body of the answer to `body`. Returns 0 whenever there was an answer: `*http_status` says which.
   * HILUM_E_BAD_SEQUENCE before all plugins have started; HILUM_E_BAD_URI. Calls may nest 16 deep, then
   * HILUM_E_BUSY. [any] [blocking] */
  int32_t (*call)(const hilum_host* host, const hilum_rest_call* call, int32_t* http_status, hilum_sink body);
} hilum_rest_v1;

#ifdef __cplusplus
}
#endif
#endif
