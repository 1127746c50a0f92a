/* hilum.scu/draft: asking other DICOM systems, and sending to them. C99.
 * A draft: it may change with any release until it moves out of this folder.
 *
 * Functions open an association to the target, or use one that is open and idle: those stay open for
 * DicomAssociationCloseDelay seconds. C-ECHO and N-ACTION always open their own. A request over an association that turns out
 * to be lost since its last use is repeated once over a new one.
 *
 * Errors that all functions have:
 * - HILUM_E_INEXISTENT_ITEM: no modality has this name; HILUM_E_BAD_FORMAT, HILUM_E_OUT_OF_RANGE: the definition of the
 *   target (hilum/draft/modalities.h), a title of more than 16 characters;
 * - HILUM_E_NETWORK: no connection, association refused, aborted, no answer within the time limit, or a DIMSE status that
 *   says failure; the details name the title and what happened;
 * - the target takes the association, but not the service that is needed: HILUM_E_FIND_NOT_SUPPORTED (C-FIND),
 *   HILUM_E_MOVE_NOT_SUPPORTED (C-MOVE), HILUM_E_NO_PRESENTATION_CONTEXT (the others; of a sender see there);
 * - HILUM_E_CANCELED_JOB: `still_wanted` of the target, or a callback, said so.
 * `*dimse_status` (may be NULL) is set in all cases: to the status of the last response, or to 0 without a response. */
#ifndef HILUM_DRAFT_SCU_H
#define HILUM_DRAFT_SCU_H

#include "../ingest.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_SCU_DRAFT "hilum.scu/draft"

enum hilum_scu_flag {
  /* `timeout` holds, 0 meaning none. Without the flag: the Timeout of the modality if it is not 0, else DicomScuTimeout. */
  HILUM_SCU_TIMEOUT = 1
};

/* Whom to talk to, under which name. Every text is borrowed until the function returns; a sender copies it. */
typedef struct hilum_scu_target {
  uint32_t size;
  uint32_t flags;        /* enum hilum_scu_flag */
  hilum_text modality;   /* symbolic name of a known modality; or absent, and then: */
  hilum_text definition; /* JSON as of hilum/draft/modalities.h */
  hilum_text local_aet;  /* our title; absent: LocalAet of the modality, else DicomAet */
  hilum_text called_aet; /* their title, host, port (0), if others than those of the modality */
  hilum_text host;
  uint32_t port;
  uint32_t timeout; /* seconds: for connecting, for negotiating, for silence between and within messages */
  /* Asked about five times a second while the network is silent, on the thread of the caller; returns 0 to give up: then the
   * association is aborted. NULL: it goes on. Of a sender: callable as long as it is open. */
  int32_t (*still_wanted)(void* context);
  void* still_wanted_context;
} hilum_scu_target;

enum hilum_scu_model { HILUM_SCU_PATIENT_ROOT = 1, HILUM_SCU_STUDY_ROOT = 2, HILUM_SCU_WORKLIST = 3 };

/* What a response to C-MOVE or C-GET says (PS3.7 sections 9.1.3.1 and 9.1.4.1). Counters that the response leaves out are
 * those of the one before. */
typedef struct hilum_scu_progress {
  uint32_t size;
  uint32_t dimse_status; /* 0xff00 for a response in between */
  uint32_t remaining, completed, failed, warning;
} hilum_scu_progress;

/* Returns 0 to go on; else C-CANCEL is sent, and the function returns HILUM_E_CANCELED_JOB once the target has answered it.
 * `data_set`: the identifier of a match, explicit VR little endian, at most 8 MiB. */
typedef int32_t (*hilum_on_match_data)(void* context, const void* data_set, uint64_t size);
/* Returns 0 to go on; the same. */
typedef int32_t (*hilum_on_progress)(void* context, const hilum_scu_progress* progress);
/* An instance has come in by C-GET and went through the ingest, like one that was received by C-STORE. Returns 0 to go on. */
typedef int32_t (*hilum_on_received)(void* context, const hilum_stored* stored);

enum hilum_send_flag {
  /* Only as it is stored, whatever TranscodeDicomProtocol and the modality say. */
  HILUM_SEND_NO_TRANSCODING = 1
};

typedef struct hilum_send_options {
  uint32_t size;
  uint32_t flags;                 /* enum hilum_send_flag */
  hilum_text move_originator_aet; /* of C-STORE-RQ; absent, or with id 0: left out */
  uint32_t move_originator_id;    /* 0 to 65535 */
  uint32_t reserved;
} hilum_send_options;

/* What became of one C-STORE. */
typedef struct hilum_sent {
  uint32_t size;
  uint32_t dimse_status; /* 0 without a response */
  uint64_t bytes;        /* of the data set, as sent */
  uint32_t transcoded;   /* 1 if it was sent in another transfer syntax than it is stored in */
  uint32_t reserved;
  char sop_class[65];       /* this and the next two end with NUL */
  char sop_instance[65];    /* as sent: a lossy transcoding has made a new one */
  char transfer_syntax[65]; /* as sent */
  char reserved_characters[5];
} hilum_sent;

/* Sends instances to one target, one after the other, over one association. One thread at a time. */
typedef struct hilum_sender hilum_sender;

typedef struct hilum_scu_draft {
  /* The target as it will be called, JSON: the definition of the modality with the overrides in it; LocalAet is the title that
   * will be used, never empty, and Timeout the seconds that hold (0: none).
   * [any] */
  int32_t (*resolve)(const hilum_host* host, const hilum_scu_target* target, hilum_sink json);

  /* C-ECHO.
   * [any] [blocking] */
  int32_t (*echo)(const hilum_host* host, const hilum_scu_target* target, uint32_t* dimse_status);

  /* C-FIND with `identifier` (explicit VR little endian, complete: nothing is added). The identifiers of the matches come as they
   * were sent, in their own character set. HILUM_E_NETWORK with HTTP status 422 if the target answers 0xC000. An
   * `identifier` that cannot be read: HILUM_E_BAD_FORMAT. [any] [blocking] */
  int32_t (*find)(const hilum_host* host, const hilum_scu_target* target, uint32_t model,
                  const void* identifier, uint64_t size, hilum_on_match_data on_match, void* context,
                  uint32_t* dimse_status);

  /* C-MOVE to `move_aet` (absent: DicomAet). `on_progress` may be NULL; `last` (may be NULL, `size` set) gets the last
   * response, also when the function fails. A final status other than 0 is HILUM_E_NETWORK (422 for 0xC000).
   * [any] [blocking] */
  int32_t (*move)(const hilum_host* host, const hilum_scu_target* target, uint32_t model,
                  const void* identifier, uint64_t size, hilum_text move_aet, hilum_on_progress on_progress,
                  void* context, hilum_scu_progress* last);

  /* C-GET. `sop_classes`: what may come, if it is known (storage classes that the server does not accept are left out:
   * none remaining is HILUM_E_NO_PRESENTATION_CONTEXT); 0 of them: the usual ones. What comes is stored as if it came by C-STORE from
   * the target. `on_received` and `on_progress` may be NULL. `last` and errors as of move.
   * [any] [blocking] */
  int32_t (*get)(const hilum_host* host, const hilum_scu_target* target, uint32_t model,
                 const void* identifier, uint64_t size, const hilum_text* sop_classes,
                 uint64_t sop_class_count, hilum_on_received on_received, hilum_on_progress on_progress,
                 void* context, hilum_scu_progress* last);

  /* N-ACTION, with `information` (explicit VR little endian). Used for storage commitment: SOP class 1.2.840.10008.1.20.1,
   * instance 1.2.840.10008.1.20.1.1, action type 1. A status other than 0 is HILUM_E_NETWORK.
   * [any] [blocking] */
  int32_t (*action)(const hilum_host* host, const hilum_scu_target* target, hilum_text sop_class,
                    hilum_text sop_instance, uint32_t action_type, const void* information, uint64_t size,
                    uint32_t* dimse_status);

  /* Opens a sender; the association is made by the first send. `options` may be NULL. Close it.
   * [any] */
  int32_t (*sender_open)(const hilum_host* host, const hilum_scu_target* target,
                         const hilum_send_options* options, hilum_sender** out);
  /* Says what will be sent, so that one association can be negotiated for all of it; not needed, and what is not known (any
   * more) is passed over. HILUM_E_UNKNOWN_RESOURCE for what is no public id. [any] */
  int32_t (*sender_announce)(hilum_sender* sender, const hilum_text* instance_ids, uint64_t count);
  /* Sends a stored instance. 0000, B000, B006, B007 and 0111 are success; other statuses are HILUM_E_NETWORK, and the next
   * one can be sent all the same. So it can after the other errors: HILUM_E_UNKNOWN_RESOURCE (no such instance),
   * HILUM_E_NETWORK (not accepted by the target as it is stored, and transcoding is not allowed or does not help),
   * HILUM_E_NOT_IMPLEMENTED (nobody can transcode it), HILUM_E_CORRUPTED (the file cannot be read). After a lost
   * association the next send opens a new one. `out` may be NULL. [any] [blocking] */
  int32_t (*sender_send)(hilum_sender* sender, hilum_text instance_id, hilum_sent* out);
  /* The same for a DICOM file in memory. HILUM_E_BAD_FORMAT if it is none, HILUM_E_NO_SOP_CLASS_OR_INSTANCE.
   * [any] [blocking] */
  int32_t (*sender_send_file)(hilum_sender* sender, const void* dicom, uint64_t size, hilum_sent* out);
  /* Gives the association back. NULL is ignored.
   * [any] [blocking] */
  void (*sender_close)(hilum_sender* sender);
} hilum_scu_draft;

#ifdef __cplusplus
}
#endif
#endif
