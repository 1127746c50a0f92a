/* hilum.ingest/1: the one way in for instances. C99. */
#ifndef HILUM_INGEST_H
#define HILUM_INGEST_H

#include "http.h"
#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_INGEST_V1 "hilum.ingest/1"

/* Who sent an instance; the number is part of the ABI, the name is the metadata "Origin". */
enum hilum_origin_kind {
  HILUM_ORIGIN_UNKNOWN = 1,
  HILUM_ORIGIN_DICOM = 2,  /* DicomProtocol */
  HILUM_ORIGIN_REST = 3,   /* RestApi */
  HILUM_ORIGIN_PLUGIN = 4, /* Plugins */
  HILUM_ORIGIN_LUA = 5,    /* Lua */
  HILUM_ORIGIN_WEBDAV = 6  /* WebDav */
};

typedef struct hilum_origin {
  uint32_t size;
  uint32_t kind;                     /* enum hilum_origin_kind */
  hilum_text remote_aet, called_aet; /* DICOM only, else absent */
  hilum_text remote_ip;
  hilum_text user; /* HTTP only */
} hilum_origin;

enum hilum_store_result {
  HILUM_STORED = 1,         /* "Success" */
  HILUM_ALREADY_STORED = 2, /* "AlreadyStored" */
  HILUM_FILTERED_OUT = 3    /* "FilteredOut" */
};

/* What became of one instance. */
typedef struct hilum_stored {
  uint32_t size;
  uint32_t result;                                       /* enum hilum_store_result */
  char instance[44], series[44], study[44], patient[44]; /* public ids */
} hilum_stored;

typedef struct hilum_ingest_v1 {
  /* Stores one DICOM file given in memory; durable when it returns HILUM_STORED. `origin` may be NULL: then
   * the plugin. HILUM_E_BAD_FORMAT, HILUM_E_INEXISTENT_TAG, HILUM_E_BAD_TYPE for what is not an instance that
   * can be identified; HILUM_E_FULL_STORAGE; HILUM_E_BUSY if the queue is full. [any] [blocking] */
  int32_t (*store)(const hilum_host* host, const void* dicom, uint64_t size, const hilum_origin* origin,
                   hilum_stored* out);

  /* Stores the body of an HTTP request: one DICOM file, or a ZIP archive, in which folders, DICOMDIRs, empty
   * files and files that are not DICOM are skipped. A large body is taken over as it lies on the disk.
   * `on_stored` is called once for each instance, in the order of the archive. `*is_archive` tells which of
   * both it was. [request] [blocking] */
  int32_t (*store_body)(const hilum_host* host, hilum_request* request,
                        int32_t (*on_stored)(void* context, const hilum_stored* stored), void* context,
                        int32_t* is_archive);

  /* Reads the main DICOM tags of all instances of a resource again from their files and writes them, with
   * those of all ancestors, into the index (with only_own_level, those of the resource's level only). With
   * `files`, the stored form of the files follows the present configuration too. HILUM_E_UNKNOWN_RESOURCE.
   * [any] [blocking] */
  int32_t (*reconstruct)(const hilum_host* host, hilum_text public_id, int32_t files, int32_t only_own_level);
} hilum_ingest_v1;

#ifdef __cplusplus
}
#endif
#endif
