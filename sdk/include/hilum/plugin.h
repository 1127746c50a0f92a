/* The one symbol that a plugin exports, and the host that it is given. C99.
 *
 *   const hilum_plugin hilum_plugin_entry = {
 *       sizeof(hilum_plugin), HILUM_ABI_MAJOR, HILUM_ABI_MINOR, "hello", "1.0", "Says hello",
 *       required, NULL, NULL, start, stop, NULL, NULL};
 *
 * The loader reads the descriptor, checks the ABI, orders the plugins by what they require and provide, and
 * calls `start` of each. A plugin that cannot be started is kept in the list with its state and the reason
 * (`GET /plugins/{id}`). */
#ifndef HILUM_PLUGIN_H
#define HILUM_PLUGIN_H

#include "abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define HILUM_EXPORT __attribute__((visibility("default")))
#else
#define HILUM_EXPORT
#endif

typedef struct hilum_host hilum_host;

/* What the server offers to one plugin. Each plugin has a host of its own, valid from start until stop has
 * returned. */
struct hilum_host {
  uint32_t size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;

  /* The table of a service, or NULL if nobody provides it. `id` is a NUL-terminated literal such as
   * "hilum.http/1". The table is constant and valid as long as the host. Services of other plugins are found
   * from `start` on if this plugin lists them in `required` or `wanted`. [any] */
  const void* (*service)(const hilum_host* host, const char* id);

  /* Says why the calling function is about to fail, and returns `code`, so that `return host->fail(...)`
   * reads well. http_status 0 and an empty message mean those of the code. Kept per thread until the next
   * call through the SDK. [any] */
  int32_t (*fail)(const hilum_host* host, int32_t code, int32_t http_status, hilum_text message,
                  hilum_text details);

  /* Why the last call through the SDK on this thread failed. Set out->size before.
   * [any] */
  void (*last_error)(const hilum_host* host, hilum_error* out);
};

typedef struct hilum_plugin {
  uint32_t size;      /* sizeof(hilum_plugin) */
  uint32_t abi_major; /* HILUM_ABI_MAJOR */
  uint32_t abi_minor; /* HILUM_ABI_MINOR */

  /* NUL-terminated; the name has 1 to 64 characters of a-z, 0-9, '-' and '_', and is the plugin's id in
   * /plugins. */
  const char* name;
  const char* version;
  const char* description;

  /* Arrays of service ids that end with NULL, or NULL for none. Without one of `required`, the plugin is
   * refused; `wanted` only orders: whoever provides it starts first. `provided` are ids that `service`
   * answers. */
  const char* const* required;
  const char* const* wanted;
  const char* const* provided;

  /* Registers routes, listeners and filters, and begins work. `*state` is given back to all functions of this
   * struct. Returns 0, or a status after host->fail: then everything that it registered is withdrawn and
   * `stop` is not called. Neither the DICOM nor the HTTP server answers before every plugin's start has
   * returned. Called once, [serial] with the starts of all plugins. */
  int32_t (*start)(const hilum_host* host, void** state);

  /* Ends all work and joins all threads of the plugin. When it is called, no callback of the plugin runs any
   * more and none will. The host's services still work. Called once, in reverse order of the starts; may be
   * NULL. */
  void (*stop)(const hilum_host* host, void* state);

  /* The table of a provided service; asked after start has succeeded. May be NULL if nothing is provided.
   * [serial] */
  const void* (*service)(void* state, const char* id);

  const void* reserved;
} hilum_plugin;

/* The descriptor itself: defined by the plugin, constant, readable without running any of its code. */
extern HILUM_EXPORT const hilum_plugin hilum_plugin_entry;

#ifdef __cplusplus
}
#endif
#endif
