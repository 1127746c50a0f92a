/* hilum.modalities/draft: the DICOM systems that the server knows (DicomModalities). C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * A definition is JSON. What comes in has one of two forms: [ "AET", "host", port ], with a manufacturer as fourth item if
 * any; or an object with AET, Host, Port (1 to 65534, a number or its text) and, if wanted, Manufacturer, AllowEcho,
 * AllowFind, AllowFindWorklist, AllowGet, AllowMove, AllowStore, AllowNAction, AllowEventReport, AllowStorageCommitment
 * (sets the two before it), AllowTranscoding, UseDicomTls, LocalAet, Timeout (seconds, 0: DicomScuTimeout),
 * RetrieveMethod ("C-MOVE" or "C-GET"), PermissiveStoreSopClasses (array of UIDs). Other members are ignored. What goes out
 * is an object with all of them but AllowStorageCommitment, on one line, keys ascending.
 *
 * Changes count at once, for incoming associations and for outgoing ones that are opened afterwards. They are lost when
 * the server starts again, unless DicomModalitiesInDatabase: then they are kept in the index and the configured
 * modalities are ignored. */
#ifndef HILUM_DRAFT_MODALITIES_H
#define HILUM_DRAFT_MODALITIES_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_MODALITIES_DRAFT "hilum.modalities/draft"

/* Returns 0 to go on. */
typedef int32_t (*hilum_on_modality)(void* context, hilum_text name, hilum_text json);

typedef struct hilum_modalities_draft {
  /* All, ascending by name.
   * [any] */
  int32_t (*list)(const hilum_host* host, hilum_on_modality on_modality, void* context);
  /* The definition of one. HILUM_E_INEXISTENT_ITEM, with details that name it.
   * [any] */
  int32_t (*get)(const hilum_host* host, hilum_text name, hilum_sink json);
  /* Those with this application entity title, ascending by name; upper and lower case are distinguished with
   * StrictAetComparison only.
   * [any] */
  int32_t (*by_aet)(const hilum_host* host, hilum_text aet, hilum_on_modality on_modality, void* context);
  /* Adds one, or replaces the one of that name. A name has letters, digits, '-' and '_' only. HILUM_E_BAD_FORMAT for
   * another name, for what is no JSON or has not the form above, and for a title of more than 16 characters;
   * HILUM_E_OUT_OF_RANGE for a port or a manufacturer that is none.
   * [any] [blocking] */
  int32_t (*put)(const hilum_host* host, hilum_text name, hilum_text json);
  /* Removes one. HILUM_E_INEXISTENT_ITEM.
   * [any] [blocking] */
  int32_t (*remove)(const hilum_host* host, hilum_text name);
  /* Checks a definition and writes it as it goes out; nothing is changed. Errors as of put.
   * [any] */
  int32_t (*normalize)(const hilum_host* host, hilum_text json, hilum_sink normalized);
} hilum_modalities_draft;

#ifdef __cplusplus
}
#endif
#endif
