// hilum.http/1
#include <hilum/http.h>

#include <limits>
#include <vector>

#include "core/base/metrics.h"
#include "core/http/router.h"
#include "core/plugins/handles.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr size_t kPiece = 64 * 1024;  // of a content that is inflated into a stream

// --- routes ---

http::Method method_of(uint32_t method) {
  switch (method) {
    case HILUM_GET:
      return http::Method::kGet;
    case HILUM_POST:
      return http::Method::kPost;
    case HILUM_PUT:
      return http::Method::kPut;
    case HILUM_DELETE:
      return http::Method::kDelete;
    default:
      throw Error(HILUM_E_OUT_OF_RANGE, "there is no method " + std::to_string(method));
  }
}

const char* answer_kind(uint32_t kind) {
  switch (kind) {
    case HILUM_ANSWER_EMPTY:
      return "empty";
    case HILUM_ANSWER_JSON:
      return "json";
    case HILUM_ANSWER_TEXT:
      return "text";
    case HILUM_ANSWER_DICOM:
      return "dicom";
    case HILUM_ANSWER_BINARY:
      return "binary";
    case HILUM_ANSWER_IMAGE:
      return "image";
    case HILUM_ANSWER_ARCHIVE:
      return "archive";
    default:
      throw Error(HILUM_E_OUT_OF_RANGE, "there is no kind of answers " + std::to_string(kind));
  }
}

const char* permission(uint32_t number) {
  switch (number) {
    case HILUM_PERMISSION_VIEW:
      return "view";
    case HILUM_PERMISSION_STORE:
      return "store";
    case HILUM_PERMISSION_EDIT:
      return "edit";
    case HILUM_PERMISSION_DELETE:
      return "delete";
    case HILUM_PERMISSION_EXPORT:
      return "export";
    case HILUM_PERMISSION_STATUS:
      return "status";
    default:  // none stated, or one of a later version: the strictest
      return "administer";
  }
}

http::RouteArgument route_argument(const hilum_argument& argument) {
  using Place = http::RouteArgument::Place;
  http::RouteArgument result;
  result.name = std::string(to_view(argument.name));
  result.type = std::string(to_view(argument.type));
  result.description = std::string(to_view(argument.summary));
  switch (argument.place) {
    case HILUM_IN_PATH:
      result.place = Place::kPath;
      result.required = true;
      break;
    case HILUM_IN_QUERY:
      result.place = Place::kQuery;
      break;
    case HILUM_IN_HEADER:
      result.place = Place::kHeader;
      break;
    case HILUM_IN_BODY:
      result.place = Place::kBody;
      break;
    default:
      throw Error(HILUM_E_OUT_OF_RANGE,
                  "argument " + result.name + " is in the unknown place " + std::to_string(argument.place));
  }
  return result;
}

void run_handler(Plugin& plugin, const std::string& what, hilum_handler handler, void* context,
                 http::Request& request, http::Answer& answer) {
  hilum_request handle{plugin, request, answer};
  const int32_t status = plugin.enter(what.c_str(), [&] { return handler(context, &handle); });
  if (status != HILUM_OK) {
    plugin.throw_status(what.c_str(), status);
  }
}

int32_t add_route(const hilum_host* host, const hilum_route* route) {
  return guarded("hilum.http/1 add_route", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.http/1 add_route");
    const hilum_route given = read_struct(route, "route");
    required(given.handler, "handler");
    if ((given.flags & ~static_cast<uint32_t>(HILUM_ROUTE_SHORT)) != 0) {
      throw Error(HILUM_E_OUT_OF_RANGE, "a route with flags that this version does not know");
    }
    http::Route result;
    result.method = method_of(given.method);
    result.pattern = std::string(to_view(given.path));
    result.summary = std::string(to_view(given.summary));
    result.since = std::string(to_view(given.since));
    result.answer_kind = answer_kind(given.answer);
    result.permission = permission(given.permission);
    result.owner = plugin.name();
    result.is_short = result.method == http::Method::kGet && (given.flags & HILUM_ROUTE_SHORT) != 0;
    result.duration = &metrics().timer("hilum_rest_duration_ms{family=\"" + plugin.name() + "\",method=\"" +
                                       std::string(http::method_name(result.method)) + "\"}");
    if (given.argument_count > 0) {
      required(given.arguments, "arguments");
    }
    for (uint64_t i = 0; i < given.argument_count; ++i) {
      result.arguments.push_back(route_argument(given.arguments[i]));
    }
    result.handler = [self = plugin.shared_from_this(), handler = given.handler, context = given.context,
                      what = "handler of " + std::string(http::method_name(result.method)) + " " +
                             result.pattern](http::Request& request, http::Answer& answer) {
      run_handler(*self, what, handler, context, request, answer);
    };
    plugin.services().router.add(std::move(result));
  });
}

// --- the request ---

hilum_text text_or_absent(const std::string* text) { return text ? to_text(*text) : hilum_text{nullptr, 0}; }

uint32_t method(const hilum_request* request) {
  switch (request->request.method) {
    case http::Method::kPost:
      return HILUM_POST;
    case http::Method::kPut:
      return HILUM_PUT;
    case http::Method::kDelete:
      return HILUM_DELETE;
    default:
      return HILUM_GET;
  }
}

hilum_text path(const hilum_request* request) { return to_text(request->request.path); }

hilum_text parameter(const hilum_request* request, hilum_text name) {
  return text_or_absent(http::find_field(request->request.parameters, to_view(name)));
}

hilum_text query(const hilum_request* request, hilum_text name) {
  return text_or_absent(request->request.argument(to_view(name)));
}

int32_t query_at(const hilum_request* request, uint64_t index, hilum_text* name, hilum_text* value) {
  const http::Fields& fields = request->request.query;
  if (index >= fields.size()) {
    return 0;
  }
  const auto& [key, text] = fields[static_cast<size_t>(index)];
  if (name) {
    *name = to_text(key);
  }
  if (value) {
    *value = to_text(text);
  }
  return 1;
}

hilum_text header(const hilum_request* request, hilum_text name) {
  return text_or_absent(request->request.header(to_view(name)));
}

hilum_text remote_address(const hilum_request* request) { return to_text(request->request.remote_address); }
hilum_text user(const hilum_request* request) { return to_text(request->request.user); }
uint64_t body_size(const hilum_request* request) { return request->request.body.size(); }

int64_t body_read(hilum_request* request, uint64_t offset, void* buffer, uint64_t capacity) {
  return guarded_read("hilum.http/1 body_read", [&]() -> size_t {
    return capacity == 0 ? 0
                         : request->request.body.read(offset, &required(static_cast<char*>(buffer), "buffer"),
                                                      capacity);
  });
}

// --- the answer ---

int32_t set_header(hilum_request* request, hilum_text name, hilum_text value) {
  return guarded("hilum.http/1 set_header", [&] {
    if (http::equal_ignoring_case(to_view(name), "Set-Cookie")) {  // the one that may come several times
      request->answer.add_header(to_view(name), to_view(value));
    } else {
      request->answer.header(to_view(name), to_view(value));
    }
  });
}

int32_t set_status(hilum_request* request, int32_t http_status) {
  return guarded("hilum.http/1 set_status", [&] {
    if (http_status < 200 || http_status > 599) {
      throw Error(HILUM_E_OUT_OF_RANGE, std::to_string(http_status) + " is not the status of an answer");
    }
    request->answer.status(http_status);
  });
}

int32_t answer(hilum_request* request, hilum_text content_type, const void* body, uint64_t size) {
  return guarded("hilum.http/1 answer", [&] {
    std::string bytes;
    if (size > 0) {
      bytes.assign(&required(static_cast<const char*>(body), "body"), static_cast<size_t>(size));
    }
    request->answer.bytes(to_view(content_type), std::move(bytes));
  });
}

// False: the client has gone.
bool stream_content(http::Answer& answer, std::string_view content_type, ContentReader& content,
                    uint64_t offset, uint64_t length) {
  std::vector<char> piece(static_cast<size_t>(std::min<uint64_t>(length, kPiece)));
  // Short ones may be compressed on their way. A short piece far behind is not short: what is before it
  // must be inflated, which is not for the thread that answers short routes at once.
  if (offset + length <= kPiece) {
    piece.resize(content.read(offset, piece.data(), piece.size()));
    answer.bytes(content_type, std::string(piece.begin(), piece.end()));
    return true;
  }
  if (!answer.begin(content_type, length)) {
    return false;
  }
  for (uint64_t done = 0; done < length;) {
    const auto wanted = static_cast<size_t>(std::min<uint64_t>(piece.size(), length - done));
    const size_t count = content.read(offset + done, piece.data(), wanted);
    if (count == 0) {
      throw Error(HILUM_E_CORRUPTED, "an attachment is shorter than the index says");
    }
    if (!answer.write({piece.data(), count})) {
      return false;
    }
    done += count;
  }
  answer.end();
  return true;
}

int32_t answer_part(const char* function, hilum_request* request, hilum_text content_type, hilum_blob* blob,
                    uint64_t offset, uint64_t length) {
  return guarded(function, [&] {
    ContentReader& content = required(blob, "blob").content;
    const uint64_t size = content.size();
    const uint64_t count = length == std::numeric_limits<uint64_t>::max() && offset == 0 ? size : length;
    if (offset > size || count > size - offset) {
      throw Error(HILUM_E_BAD_RANGE, std::to_string(count) + " bytes from " + std::to_string(offset) +
                                         " of " + std::to_string(size));
    }
    const auto range = content.file_range();
    if (range && count > 0) {
      static Counter& bytes = metrics().counter("orthanc_storage_read_bytes");
      bytes.add(static_cast<int64_t>(count));
      request->answer.file(to_view(content_type), {range->fd, range->offset + offset, count, content.blob()});
    } else if (!stream_content(request->answer, to_view(content_type), content, offset, count)) {
      throw Error(HILUM_E_NETWORK, "the client has closed the connection");
    }
  });
}

int32_t answer_blob(hilum_request* request, hilum_text content_type, hilum_blob* blob) {
  return answer_part("hilum.http/1 answer_blob", request, content_type, blob, 0,
                     std::numeric_limits<uint64_t>::max());
}

int32_t answer_blob_range(hilum_request* request, hilum_text content_type, hilum_blob* blob, uint64_t offset,
                          uint64_t length) {
  return answer_part("hilum.http/1 answer_blob_range", request, content_type, blob, offset, length);
}

void require_client(bool is_there) {
  if (!is_there) {
    throw Error(HILUM_E_NETWORK, "the client has closed the connection");
  }
}

int32_t begin(hilum_request* request, hilum_text content_type, uint64_t size) {
  return guarded("hilum.http/1 begin", [&] {
    const bool is_known = size != std::numeric_limits<uint64_t>::max();
    require_client(request->answer.begin(to_view(content_type),
                                         is_known ? std::optional<uint64_t>(size) : std::nullopt));
  });
}

int32_t write(hilum_request* request, const void* data, uint64_t size) {
  return guarded("hilum.http/1 write", [&] {
    if (size > 0) {
      require_client(request->answer.write(
          {&required(static_cast<const char*>(data), "data"), static_cast<size_t>(size)}));
    }
  });
}

int32_t end(hilum_request* request) {
  return guarded("hilum.http/1 end", [&] { request->answer.end(); });
}

const hilum_http_v1 kTable = {&add_route,         &method,     &path,           &parameter, &query,
                              &query_at,          &header,     &remote_address, &user,      &body_size,
                              &body_read,         &set_header, &set_status,     &answer,    &answer_blob,
                              &answer_blob_range, &begin,      &write,          &end};

}  // namespace

const void* http_table() { return &kTable; }

}  // namespace hilum::plugins
