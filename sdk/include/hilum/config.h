/* hilum.config/1: the server's configuration, read only. C99. */
#ifndef HILUM_CONFIG_H
#define HILUM_CONFIG_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_CONFIG_V1 "hilum.config/1"

enum hilum_option_type {
  HILUM_OPTION_BOOLEAN = 1,
  HILUM_OPTION_INTEGER = 2,
  HILUM_OPTION_TEXT = 3,
  HILUM_OPTION_LIST = 4,   /* JSON array */
  HILUM_OPTION_SECTION = 5 /* JSON object */
};

/* One top-level option that a plugin reads: it is then documented by `hilum --config`, checked when the
 * server starts, and not reported as unknown. */
typedef struct hilum_option {
  uint32_t size;
  uint32_t type; /* enum hilum_option_type */
  hilum_text name;
  hilum_text default_json; /* JSON text of the value that holds when the option is absent */
  hilum_text summary;      /* one or two sentences, with the unit */
} hilum_option;

typedef struct hilum_config_v1 {
  /* Declares an option. HILUM_E_DUPLICATE if another plugin has declared it with another type;
   * HILUM_E_BAD_TYPE, with file and line in the details, if the configuration gives it a value of another
   * type. [init] */
  int32_t (*declare)(const hilum_host* host, const hilum_option* option);

  /* Writes the JSON text of a top-level option: what the files say, else the declared or documented default.
   * HILUM_E_INEXISTENT_ITEM if neither exists.
   * [any] */
  int32_t (*get)(const hilum_host* host, hilum_text name, hilum_sink json);

  /* The same for options of one type. For text, the characters themselves are written, not JSON.
   * HILUM_E_INEXISTENT_ITEM, or HILUM_E_BAD_TYPE if the value has another type.
   * [any] */
  int32_t (*get_boolean)(const hilum_host* host, hilum_text name, int32_t* value);
  int32_t (*get_integer)(const hilum_host* host, hilum_text name, int64_t* value);
  int32_t (*get_text)(const hilum_host* host, hilum_text name, hilum_sink text);

  /* Writes the whole configuration as one JSON object: files merged, comments removed, variables substituted.
   * It holds passwords: never log it, never send it to a client. [any] */
  int32_t (*get_all)(const hilum_host* host, hilum_sink json);

  /* Writes the absolute form of a path that stands in the configuration, which is relative to the folder of
   * its file. [any] */
  int32_t (*resolve_path)(const hilum_host* host, hilum_text path, hilum_sink absolute);
} hilum_config_v1;

#ifdef __cplusplus
}
#endif
#endif
