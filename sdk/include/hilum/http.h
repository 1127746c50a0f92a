/* hilum.http/1: REST routes. C99.
 *
 * A route is registered once, with everything that is to be known about it: the router, the 405 answers, the
 * documentation and the permissions are made from this one table.
 *
 * A handler runs on a worker thread, several at once. It reads the request, gives exactly one answer, and
 * returns 0; or it returns the status of host->fail, and the host writes the JSON error body. A handler that
 * returns 0 without an answer says "not found": 404 with an empty body (400 for POST). */
#ifndef HILUM_HTTP_H
#define HILUM_HTTP_H

#include "attachments.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_HTTP_V1 "hilum.http/1"

enum hilum_method { HILUM_GET = 1, HILUM_POST = 2, HILUM_PUT = 3, HILUM_DELETE = 4 };

/* What the body of the usual answer is, for the documentation. */
enum hilum_answer_kind {
  HILUM_ANSWER_EMPTY = 1,
  HILUM_ANSWER_JSON = 2,
  HILUM_ANSWER_TEXT = 3,
  HILUM_ANSWER_DICOM = 4,
  HILUM_ANSWER_BINARY = 5,
  HILUM_ANSWER_IMAGE = 6,
  HILUM_ANSWER_ARCHIVE = 7
};

/* Who may call the route. A route that states no permission (0) is for administrators only. */
enum hilum_permission {
  HILUM_PERMISSION_ADMINISTER = 1, /* settings, shutdown, scripts */
  HILUM_PERMISSION_VIEW = 2,       /* reads patient data */
  HILUM_PERMISSION_STORE = 3,      /* adds patient data */
  HILUM_PERMISSION_EDIT = 4,       /* changes metadata, labels, attachments, protection */
  HILUM_PERMISSION_DELETE = 5,     /* deletes patient data */
  HILUM_PERMISSION_EXPORT = 6,     /* sends patient data elsewhere */
  HILUM_PERMISSION_STATUS = 7      /* facts about the server without patient data */
};

enum hilum_argument_place { HILUM_IN_PATH = 1, HILUM_IN_QUERY = 2, HILUM_IN_HEADER = 3, HILUM_IN_BODY = 4 };

typedef struct hilum_argument {
  uint32_t place; /* enum hilum_argument_place */
  uint32_t reserved;
  hilum_text name;
  hilum_text type; /* "boolean", "integer", "string", "array", "object", "binary" */
  hilum_text summary;
} hilum_argument;

typedef struct hilum_request hilum_request; /* valid until the handler returns */

typedef int32_t (*hilum_handler)(void* context, hilum_request* request);

enum hilum_route_flag {
  /* A GET handler that answers out of memory or the index within about 100 us and never waits. A request
   * without query arguments and with no other Accept than any may then be answered at once by the thread that has
   * read it, which saves two changes of threads. A handler that begins a stream all the same is called again, on a thread of its own:
   * it must have no effects but its answer. */
  HILUM_ROUTE_SHORT = 1
};

/* All texts are copied when the route is added. */
typedef struct hilum_route {
  uint32_t size;
  uint32_t method; /* enum hilum_method */
  hilum_text
      path; /* "/studies/{id}/series"; "{rest*}" as last segment takes the remainder, slashes included */
  hilum_text summary;              /* one line */
  hilum_text since;                /* "seed", "1.12", or "hilum" for what only Hilum has */
  uint32_t answer;                 /* enum hilum_answer_kind */
  uint32_t permission;             /* enum hilum_permission */
  const hilum_argument* arguments; /* path parameters need not be listed */
  uint64_t argument_count;
  hilum_handler handler;
  void* context;  /* first argument of the handler */
  uint32_t flags; /* enum hilum_route_flag; others must be 0 */
  uint32_t reserved;
} hilum_route;

typedef struct hilum_http_v1 {
  /* Adds a route. HILUM_E_DUPLICATE, naming the owner, if the method and path are taken; HILUM_E_BAD_URI for
   * a path that cannot be matched. Withdrawn by the host when the plugin stops. [init] */
  int32_t (*add_route)(const hilum_host* host, const hilum_route* route);

  /* --- reading the request; texts live as long as the request. Absent: {NULL, 0}; present but empty: {"",
   * 0}. --- */

  /* [request] */
  uint32_t (*method)(
      const hilum_request* request); /* HEAD arrives as HILUM_GET: the body is cut by the host */
  /* The normalised path, decoded, without the query.
   * [request] */
  hilum_text (*path)(const hilum_request* request);
  /* The value of {name} in the route's path, decoded.
   * [request] */
  hilum_text (*parameter)(const hilum_request* request, hilum_text name);
  /* The first query argument of this name, decoded.
   * [request] */
  hilum_text (*query)(const hilum_request* request, hilum_text name);
  /* The index-th query argument in order; returns 0 past the last.
   * [request] */
  int32_t (*query_at)(const hilum_request* request, uint64_t index, hilum_text* name, hilum_text* value);
  /* The first header of this name, in any case.
   * [request] */
  hilum_text (*header)(const hilum_request* request, hilum_text name);
  /* The address of the client, and the user that the host has authenticated (empty if nobody).
   * [request] */
  hilum_text (*remote_address)(const hilum_request* request);
  hilum_text (*user)(const hilum_request* request);

  /* Size of the body; decoded if it came with a Content-Encoding that the host knows (gzip).
   * [request] */
  uint64_t (*body_size)(const hilum_request* request);
  /* Reads from the body at an offset: bytes read, 0 at the end, negative on failure. A large body lies in a
   * file, not in memory. [request] [blocking] */
  int64_t (*body_read)(hilum_request* request, uint64_t offset, void* buffer, uint64_t capacity);

  /* --- answering: one of answer, answer_blob, answer_blob_range and begin --- */

  /* Adds a header to the answer. Line breaks in it are refused with HILUM_E_OUT_OF_RANGE.
   * [request] */
  int32_t (*set_header)(hilum_request* request, hilum_text name, hilum_text value);
  /* Sets the HTTP status of the answer; 200 if never called.
   * [request] */
  int32_t (*set_status)(hilum_request* request, int32_t http_status);
  /* Answers with a body in memory, which is copied. content_type may be absent for an empty body.
   * [request] */
  int32_t (*answer)(hilum_request* request, hilum_text content_type, const void* body, uint64_t size);
  /* Answers with the decoded content of an attachment, or with `length` bytes of it from `offset`, sent
   * without copying where the storage allows it. The host keeps what it needs of the blob: the caller may
   * release it at once. [request] [blocking] */
  int32_t (*answer_blob)(hilum_request* request, hilum_text content_type, hilum_blob* blob);
  int32_t (*answer_blob_range)(hilum_request* request, hilum_text content_type, hilum_blob* blob,
                               uint64_t offset, uint64_t length);
  /* Answers with a stream: begin, any number of writes, end. `size` is the length if known, else UINT64_MAX.
   * write blocks while the client is slow, and returns HILUM_E_NETWORK once it has gone: stop then. [request]
   * [blocking] */
  int32_t (*begin)(hilum_request* request, hilum_text content_type, uint64_t size);
  int32_t (*write)(hilum_request* request, const void* data, uint64_t size);
  int32_t (*end)(hilum_request* request);
} hilum_http_v1;

#ifdef __cplusplus
}
#endif
#endif
