/* The smallest useful plugin, in plain C99: GET /hello/{name} answers "Hello, NAME!".
 *
 * Build it against an installed SDK and load it:
 *   cmake -B build && cmake --build build
 *   echo '{ "Plugins": [ "build/hello.so" ] }' > hello.json && hilum hello.json
 *   curl http://localhost:8042/hello/world */
#include <hilum/hilum.h>
#include <stdlib.h>
#include <string.h>

static hilum_text text(const char* characters) {
  hilum_text result;
  result.data = characters;
  result.size = strlen(characters);
  return result;
}

/* What the plugin keeps between its start and its stop. */
typedef struct hello {
  const hilum_host* host;
  const hilum_http_v1* http;
} hello;

/* Runs on worker threads, several at once: it only reads what `start` has written. */
static int32_t say_hello(void* context, hilum_request* request) {
  const hello* self = (const hello*)context;
  const hilum_text name = self->http->parameter(request, text("name"));
  char answer[128] = "Hello, ";
  uint64_t size = strlen(answer);

  if (name.size > 100) {
    const hilum_text message = {NULL, 0}; /* that of the code */
    return self->host->fail(self->host, HILUM_E_OUT_OF_RANGE, 0, message,
                            text("a name has at most 100 bytes"));
  }
  memcpy(answer + size, name.data, (size_t)name.size);
  size += name.size;
  memcpy(answer + size, "!\n", 2);
  return self->http->answer(request, text("text/plain"), answer, size + 2);
}

static int32_t start(const hilum_host* host, void** state) {
  hello* self = (hello*)calloc(1, sizeof *self);
  hilum_route route;
  int32_t status;

  if (self == NULL) return HILUM_E_NO_MEMORY;
  self->host = host;
  /* Never NULL, for the descriptor says that the plugin requires it. */
  self->http = (const hilum_http_v1*)host->service(host, HILUM_HTTP_V1);

  memset(&route, 0, sizeof route);
  route.size = sizeof route;
  route.method = HILUM_GET;
  route.path = text("/hello/{name}");
  route.summary = text("Says hello");
  route.since = text("hilum");
  route.answer = HILUM_ANSWER_TEXT;
  route.permission = HILUM_PERMISSION_STATUS; /* no patient data: everybody may */
  route.handler = say_hello;
  route.context = self;
  status = self->http->add_route(host, &route);
  if (status != HILUM_OK) {
    free(self); /* after a failed start, stop is not called */
    return status;
  }
  *state = self;
  return HILUM_OK;
}

/* The host has withdrawn the route, and no handler runs any more. */
static void stop(const hilum_host* host, void* state) {
  (void)host;
  free(state);
}

static const char* const required[] = {HILUM_HTTP_V1, NULL};

const hilum_plugin hilum_plugin_entry = {sizeof(hilum_plugin),
                                         HILUM_ABI_MAJOR,
                                         HILUM_ABI_MINOR,
                                         "hello",
                                         "1.0",
                                         "Says hello",
                                         required,
                                         NULL,
                                         NULL,
                                         start,
                                         stop,
                                         NULL,
                                         NULL};
