/* Basic types of the plugin boundary. C99.
 *
 * Rules that hold for every table in this folder, so that no function needs to repeat them:
 *
 * - Text is UTF-8 as (pointer, length), not NUL-terminated. An absent text is {NULL, 0}.
 * - Sizes and offsets are 64-bit, in bytes. Times are milliseconds since 1970-01-01T00:00:00Z unless said
 * otherwise.
 * - Every text or block that is handed to a function or a callback is borrowed until that call returns. Who
 * needs it longer copies it. Results leave through a sink or a callback that the caller passes in; nothing
 * has to be freed with another allocator.
 * - A handle (`hilum_snapshot *`, `hilum_blob *`, ...) comes from one function and goes back through its
 * release function.
 * - A struct that may grow starts with `uint32_t size`, set by its writer to sizeof(struct). The reader takes
 *   min(size, its own sizeof) and treats the rest as zero.
 * - Functions that can fail return an int32_t of hilum/status.h, 0 meaning success. The text that belongs to
 * a failure is read with hilum_host.last_error on the same thread, before the next call through the SDK.
 * - No C++ exception crosses the boundary, in either direction. The host catches what escapes a plugin's
 * function all the same, names the plugin in the log and answers with HILUM_E_PLUGIN.
 *
 * Thread tags, on the last line of each function's comment:
 *   [init]     only inside hilum_plugin.start, on its thread
 *   [any]      from every thread, several at once
 *   [request]  only while the request that was handed over is open, by one thread at a time
 *   [serial]   (callbacks) the host never enters it twice at once for one plugin
 *   [blocking] may wait for a disk, a network or a queue; never call it while holding a lock that a callback
 * also takes */
#ifndef HILUM_ABI_H
#define HILUM_ABI_H

#include <stdint.h>

#include "status.h"
#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

/* UTF-8 text, or bytes where a comment says so. */
typedef struct hilum_text {
  const char* data;
  uint64_t size;
} hilum_text;

/* A hilum_text of a string literal, as a static initialiser. */
#define HILUM_TEXT(literal) \
  { literal, sizeof(literal) - 1 }

/* Where a function writes a result. `write` may be called several times, on the caller's thread, before the
 * function returns; a status other than 0 stops the function, which then returns that status. */
typedef struct hilum_sink {
  void* context;
  int32_t (*write)(void* context, const void* data, uint64_t size);
} hilum_sink;

/* Where a function reads bytes from. `read` returns the number of bytes put into `buffer` (at most
 * `capacity`), 0 at the end, or a negative number on failure. Called on the thread of the function it was
 * passed to. */
typedef struct hilum_source {
  void* context;
  int64_t (*read)(void* context, void* buffer, uint64_t capacity);
} hilum_source;

/* The four levels of the DICOM information model as the index knows it. 0 means "any" where a function allows
 * it. */
enum hilum_level { HILUM_PATIENT = 1, HILUM_STUDY = 2, HILUM_SERIES = 3, HILUM_INSTANCE = 4 };

/* A DICOM tag: group << 16 | element. */
typedef uint32_t hilum_tag;

/* What went wrong, as a client of the REST API will read it. The texts are valid until the next call through
 * the SDK on this thread. */
typedef struct hilum_error {
  uint32_t size;
  int32_t code;        /* hilum/status.h */
  int32_t http_status; /* 4xx or 5xx */
  uint32_t reserved;
  hilum_text message; /* of the code, or the plugin's own */
  hilum_text details; /* what was wrong, where, what would be right; may be empty */
} hilum_error;

#ifdef __cplusplus
}
#endif
#endif
