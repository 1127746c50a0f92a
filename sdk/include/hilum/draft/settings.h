/* hilum.settings/draft: settings that change while the server runs. What is set here counts at once and until
 * the server starts again; then the configuration holds. C99.
 * A draft: it may change with any release until it moves out of this folder. */
#ifndef HILUM_DRAFT_SETTINGS_H
#define HILUM_DRAFT_SETTINGS_H

#include "../log.h"
#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_SETTINGS_DRAFT "hilum.settings/draft"

typedef struct hilum_settings_draft {
  /* The names of the categories of log lines, as `/tools/log-level-{category}` has them.
   * [any] */
  int32_t (*log_categories)(const hilum_host* host, int32_t (*on_category)(void* context, hilum_text name),
                            void* context);
  /* How much of a category is logged: HILUM_LOG_WARNING, HILUM_LOG_INFO or HILUM_LOG_TRACE. An absent
   * category stands for all of them: the finest level is told, and all are set. HILUM_E_UNKNOWN_RESOURCE for
   * an unknown category, HILUM_E_OUT_OF_RANGE for another level.
   * [any] */
  int32_t (*log_level)(const hilum_host* host, hilum_text category, uint32_t* level);
  int32_t (*set_log_level)(const hilum_host* host, hilum_text category, uint32_t level);

  /* Whether figures are told to operators (1) or not (0).
   * [any] */
  int32_t (*metrics_enabled)(const hilum_host* host);
  int32_t (*set_metrics_enabled)(const hilum_host* host, int32_t enabled);

  /* The encoding of data sets that declare none, by its name (`Latin1`), for what comes in and for answers:
   * the option `DefaultEncoding`, whose value follows. The case of a name does not matter when it is set;
   * HILUM_E_OUT_OF_RANGE for an unknown one. [any] */
  int32_t (*default_encoding)(const hilum_host* host, hilum_sink name);
  int32_t (*set_default_encoding)(const hilum_host* host, hilum_text name);

  /* --- the DICOM server; new associations are negotiated by it, those that run go on as they were --- */

  /* UIDs of the transfer syntaxes that are accepted for storage, in the order of the DICOM registry. Set by
   * patterns with * and ?; what matches no known syntax is passed over.
   * [any] */
  int32_t (*accepted_transfer_syntaxes)(const hilum_host* host,
                                        int32_t (*on_uid)(void* context, hilum_text uid), void* context);
  int32_t (*set_accepted_transfer_syntaxes)(const hilum_host* host, const hilum_text* patterns,
                                            uint64_t count);
  /* UIDs of the storage SOP classes that are accepted, ascending.
   * [any] */
  int32_t (*accepted_sop_classes)(const hilum_host* host, int32_t (*on_uid)(void* context, hilum_text uid),
                                  void* context);
  /* Whether storage SOP classes that no dictionary knows are accepted (1) or not (0).
   * [any] */
  int32_t (*unknown_sop_class_accepted)(const hilum_host* host);
  int32_t (*set_unknown_sop_class_accepted)(const hilum_host* host, int32_t accepted);
} hilum_settings_draft;

#ifdef __cplusplus
}
#endif
#endif
