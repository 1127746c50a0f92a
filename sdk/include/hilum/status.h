/* Status codes: one table for the server, its plugins and what REST clients read as `OrthancStatus`. C99.
 *
 * 0 is success. The numbers, the messages and the HTTP statuses of all others are those that clients of the
 * REST API already know, so that a code travels unchanged from the index to the JSON error body. */
#ifndef HILUM_STATUS_H
#define HILUM_STATUS_H

#include <stdint.h>

/* X(name, number, HTTP status, message) */
#define HILUM_STATUS_TABLE(X)                                                                                \
  X(HILUM_E_INTERNAL, -1, 500, "Internal error")                                                             \
  X(HILUM_E_PLUGIN, 1, 500, "Error encountered within the plugin engine")                                    \
  X(HILUM_E_NOT_IMPLEMENTED, 2, 500, "Not implemented yet")                                                  \
  X(HILUM_E_OUT_OF_RANGE, 3, 400, "Parameter out of range")                                                  \
  X(HILUM_E_NO_MEMORY, 4, 500, "The server hosting the archive is running out of memory")                    \
  X(HILUM_E_BAD_TYPE, 5, 400, "Bad type for a parameter")                                                    \
  X(HILUM_E_BAD_SEQUENCE, 6, 500, "Bad sequence of calls")                                                   \
  X(HILUM_E_INEXISTENT_ITEM, 7, 404, "Accessing an inexistent item")                                         \
  X(HILUM_E_BAD_REQUEST, 8, 400, "Bad request")                                                              \
  X(HILUM_E_NETWORK, 9, 500, "Error in the network protocol")                                                \
  X(HILUM_E_SYSTEM, 10, 500, "Error while calling a system command")                                         \
  X(HILUM_E_DATABASE, 11, 500, "Error with the database engine")                                             \
  X(HILUM_E_BAD_URI, 12, 400, "Badly formatted URI")                                                         \
  X(HILUM_E_INEXISTENT_FILE, 13, 404, "Inexistent file")                                                     \
  X(HILUM_E_CANNOT_WRITE, 14, 500, "Cannot write to file")                                                   \
  X(HILUM_E_BAD_FORMAT, 15, 400, "Bad file format")                                                          \
  X(HILUM_E_TIMEOUT, 16, 500, "Timeout")                                                                     \
  X(HILUM_E_UNKNOWN_RESOURCE, 17, 404, "Unknown resource")                                                   \
  X(HILUM_E_INCOMPATIBLE_DATABASE, 18, 500, "Incompatible version of the database")                          \
  X(HILUM_E_FULL_STORAGE, 19, 500, "The file storage is full")                                               \
  X(HILUM_E_CORRUPTED, 20, 500, "Corrupted file (e.g. inconsistent MD5 hash)")                               \
  X(HILUM_E_INEXISTENT_TAG, 21, 404, "Inexistent tag")                                                       \
  X(HILUM_E_READ_ONLY, 22, 500, "Cannot modify a read-only data structure")                                  \
  X(HILUM_E_IMAGE_FORMAT, 23, 500, "Incompatible format of the images")                                      \
  X(HILUM_E_IMAGE_SIZE, 24, 500, "Incompatible size of the images")                                          \
  X(HILUM_E_SHARED_LIBRARY, 25, 500, "Error while using a shared library (plugin)")                          \
  X(HILUM_E_UNKNOWN_SERVICE, 26, 500, "Plugin invoking an unknown service")                                  \
  X(HILUM_E_UNKNOWN_TAG, 27, 500, "Unknown DICOM tag")                                                       \
  X(HILUM_E_BAD_JSON, 28, 400, "Cannot parse a JSON document")                                               \
  X(HILUM_E_UNAUTHORIZED, 29, 401, "Bad credentials were provided to an HTTP request")                       \
  X(HILUM_E_BAD_FONT, 30, 500, "Badly formatted font file")                                                  \
  X(HILUM_E_PLUGIN_DATABASE, 31, 500, "The plugin implementing a custom database back-end failed")           \
  X(HILUM_E_NOT_ACCEPTABLE, 34, 406,                                                                         \
    "Cannot send a response which is acceptable according to the Accept HTTP header")                        \
  X(HILUM_E_NULL_POINTER, 35, 500, "Cannot handle a NULL pointer")                                           \
  X(HILUM_E_UNAVAILABLE, 36, 503, "The server is currently not available (probably a transient situation)")  \
  X(HILUM_E_CANCELED_JOB, 37, 500, "This job was canceled")                                                  \
  X(HILUM_E_BAD_RANGE, 41, 416, "Incorrect range request")                                                   \
  X(HILUM_E_BUSY, 42, 503, "The server is too busy to serialize access, the operation must be tried again")  \
  X(HILUM_E_REVISION, 43, 409,                                                                               \
    "A bad revision number was provided, which might indicate conflict between multiple writers")            \
  X(HILUM_E_MAIN_TAGS_TWICE, 44, 500, "A main DICOM tag has been defined multiple times for the same level") \
  X(HILUM_E_FORBIDDEN, 45, 403, "Access to a resource is forbidden")                                         \
  X(HILUM_E_DUPLICATE, 46, 409, "Duplicate resource")                                                        \
  X(HILUM_E_TOO_LARGE, 47, 413, "The request is larger than the server accepts")                             \
  X(HILUM_E_HTTP_PORT_IN_USE, 2003, 500, "The TCP port of the HTTP server is privileged or already in use")  \
  X(HILUM_E_DICOM_PORT_IN_USE, 2004, 500,                                                                    \
    "The TCP port of the DICOM server is privileged or already in use")                                      \
  X(HILUM_E_BAD_HTTP_STATUS, 2005, 500, "This HTTP status is not allowed in a REST API")                     \
  X(HILUM_E_BAD_AET, 2009, 500, "Invalid application entity title (AET)")                                    \
  X(HILUM_E_DIRECTORY_EXPECTED, 2000, 500, "The path to a directory is expected")                            \
  X(HILUM_E_NO_SOP_CLASS_OR_INSTANCE, 2014, 500,                                                             \
    "DicomUserConnection: Unable to find the SOP class and instance")                                        \
  X(HILUM_E_NO_PRESENTATION_CONTEXT, 2015, 500,                                                              \
    "DicomUserConnection: No acceptable presentation context for modality")                                  \
  X(HILUM_E_FIND_NOT_SUPPORTED, 2016, 500,                                                                   \
    "DicomUserConnection: The C-FIND command is not supported by the remote SCP")                            \
  X(HILUM_E_MOVE_NOT_SUPPORTED, 2017, 500,                                                                   \
    "DicomUserConnection: The C-MOVE command is not supported by the remote SCP")                            \
  X(HILUM_E_CANNOT_STORE_INSTANCE, 2018, 500, "Cannot store an instance")                                    \
  X(HILUM_E_ONLY_STRINGS, 2019, 400, "Only string values are supported when creating DICOM instances")       \
  X(HILUM_E_OVERRIDE_PARENT, 2020, 400, "Trying to override a value inherited from a parent module")         \
  X(HILUM_E_USE_CONTENT, 2021, 400, "Use \"Content\" to inject an image into a new DICOM instance")          \
  X(HILUM_E_NO_PAYLOAD, 2022, 400, "No payload is present for one instance in the series")                   \
  X(HILUM_E_USE_DATA_URI, 2023, 400,                                                                         \
    "The payload of the DICOM instance must be specified according to Data URI scheme")                      \
  X(HILUM_E_INEXISTENT_PARENT, 2024, 400, "Trying to attach a new DICOM instance to an inexistent resource") \
  X(HILUM_E_PARENT_IS_INSTANCE, 2025, 400,                                                                   \
    "Trying to attach a new DICOM instance to an instance (must be a series, study or patient)")             \
  X(HILUM_E_UNSUPPORTED_MEDIA_TYPE, 3000, 415, "Unsupported media type")

#define HILUM_STATUS_ENUM_(name, number, http, message) name = number,
enum hilum_status {
  HILUM_OK = 0,
  HILUM_STATUS_TABLE(HILUM_STATUS_ENUM_) HILUM_STATUS_LAST_ =
      0x7fffffff /* keeps the enumeration an int32_t wide */
};
#undef HILUM_STATUS_ENUM_

#endif
