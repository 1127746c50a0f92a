/* hilum.log/1: lines in the server's log, category "plugins", marked with the plugin's name. C99. */
#ifndef HILUM_LOG_H
#define HILUM_LOG_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_LOG_V1 "hilum.log/1"

/* Never write patient names or passwords above HILUM_LOG_TRACE. */
enum hilum_log_level { HILUM_LOG_ERROR = 1, HILUM_LOG_WARNING = 2, HILUM_LOG_INFO = 3, HILUM_LOG_TRACE = 4 };

typedef struct hilum_log_v1 {
  /* Writes one line. Control characters in it are escaped.
   * [any] */
  void (*write)(const hilum_host* host, uint32_t level, hilum_text line);

  /* 1 if lines of this level are written at present, else 0: ask before building an expensive line.
   * [any] */
  int32_t (*enabled)(const hilum_host* host, uint32_t level);
} hilum_log_v1;

#ifdef __cplusplus
}
#endif
#endif
