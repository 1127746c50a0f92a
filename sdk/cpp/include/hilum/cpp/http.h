// hilum.http/1 in C++: routes whose handlers are plain functions on a Request and an Answer.
#pragma once

#include <hilum/cpp/attachments.h>
#include <hilum/cpp/host.h>
#include <hilum/http.h>

#include <deque>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hilum {

// The request that a handler answers. Views live as long as the request.
class Request {
 public:
  Request(Host host, const hilum_http_v1& table, hilum_request* request)
      : host_(host), table_(&table), request_(request) {}

  hilum_request* get() const { return request_; }
  uint32_t method() const { return table_->method(request_); }
  std::string_view path() const { return to_view(table_->path(request_)); }
  // The value of {name} in the route's path; empty if there is no such parameter.
  std::string_view parameter(std::string_view name) const {
    return to_view(table_->parameter(request_, to_text(name)));
  }
  // The first query argument of that name; nothing if absent.
  std::optional<std::string_view> query(std::string_view name) const {
    return optional(table_->query(request_, to_text(name)));
  }
  bool has_query(std::string_view name) const { return query(name).has_value(); }
  std::optional<std::string_view> header(std::string_view name) const {
    return optional(table_->header(request_, to_text(name)));
  }
  std::string_view remote_address() const { return to_view(table_->remote_address(request_)); }
  std::string_view user() const { return to_view(table_->user(request_)); }

  uint64_t body_size() const { return table_->body_size(request_); }
  size_t read_body(uint64_t offset, void* buffer, size_t capacity) const {
    int64_t count = table_->body_read(request_, offset, buffer, capacity);
    if (count < 0) throw host_.last_error(HILUM_E_INTERNAL);
    return static_cast<size_t>(count);
  }
  // The whole body in memory; throws HILUM_E_TOO_LARGE over `limit` bytes.
  std::string body(size_t limit = 16u << 20) const {
    uint64_t size = body_size();
    if (size > limit) {
      throw Error(HILUM_E_TOO_LARGE, "this route takes bodies up to " + std::to_string(limit) + " bytes");
    }
    std::string bytes(static_cast<size_t>(size), '\0');
    size_t filled = 0;
    while (filled < bytes.size()) {
      size_t count = read_body(filled, bytes.data() + filled, bytes.size() - filled);
      if (count == 0) break;
      filled += count;
    }
    bytes.resize(filled);
    return bytes;
  }

 private:
  static std::optional<std::string_view> optional(hilum_text text) {
    if (!text.data) return std::nullopt;
    return to_view(text);
  }
  Host host_;
  const hilum_http_v1* table_;
  hilum_request* request_;
};

// The answer to it: status and headers first, then one of bytes, json, text, empty, blob, blob_range and
// begin.
class Answer {
 public:
  Answer(Host host, const hilum_http_v1& table, hilum_request* request)
      : host_(host), table_(&table), request_(request) {}

  Answer& status(int32_t http_status) {
    host_.check(table_->set_status(request_, http_status));
    return *this;
  }
  Answer& header(std::string_view name, std::string_view value) {
    host_.check(table_->set_header(request_, to_text(name), to_text(value)));
    return *this;
  }
  void bytes(std::string_view content_type, std::string_view body) {
    host_.check(table_->answer(request_, to_text(content_type), body.data(), body.size()));
  }
  void json(std::string_view body) { bytes("application/json; charset=utf-8", body); }
  void text(std::string_view body) { bytes("text/plain", body); }
  // Success without content, as the REST API has it: text/plain and an empty body.
  void empty() { bytes("text/plain", {}); }
  // Only a status, no body and no content type.
  void bare(int32_t http_status) {
    status(http_status);
    host_.check(table_->answer(request_, {}, nullptr, 0));
  }
  void blob(std::string_view content_type, const Blob& blob) {
    host_.check(table_->answer_blob(request_, to_text(content_type), blob.get()));
  }
  void blob_range(std::string_view content_type, const Blob& blob, uint64_t offset, uint64_t length) {
    host_.check(table_->answer_blob_range(request_, to_text(content_type), blob.get(), offset, length));
  }
  // A stream; without a size it ends with end(). write throws HILUM_E_NETWORK once the client has gone.
  void begin(std::string_view content_type, std::optional<uint64_t> size = std::nullopt) {
    host_.check(
        table_->begin(request_, to_text(content_type), size.value_or(std::numeric_limits<uint64_t>::max())));
  }
  void write(std::string_view piece) { host_.check(table_->write(request_, piece.data(), piece.size())); }
  void end() { host_.check(table_->end(request_)); }

 private:
  Host host_;
  const hilum_http_v1* table_;
  hilum_request* request_;
};

using Handler = std::function<void(Request&, Answer&)>;

struct RouteArgument {
  hilum_argument_place place;
  std::string name;
  std::string type;  // "boolean", "integer", "string", "array", "object", "binary"
  std::string summary;
};

struct Route {
  hilum_method method;
  std::string path;
  std::string summary;
  hilum_answer_kind answer;
  hilum_permission permission;
  std::vector<RouteArgument> arguments = {};
  std::string since = "seed";
  uint32_t flags = 0;  // hilum_route_flag
};

// Registers routes and keeps their handlers. A member of the plugin's class; add only inside its constructor.
class Routes {
 public:
  explicit Routes(Host host) : host_(host), table_(&host.service<hilum_http_v1>(HILUM_HTTP_V1)) {}
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  void add(const Route& route, Handler handler) {
    entries_.push_back(Entry{host_, table_, std::move(handler)});
    std::vector<hilum_argument> arguments;
    for (const RouteArgument& argument : route.arguments) {
      arguments.push_back({static_cast<uint32_t>(argument.place), 0, to_text(argument.name),
                           to_text(argument.type), to_text(argument.summary)});
    }
    hilum_route table_entry{};
    table_entry.size = sizeof table_entry;
    table_entry.method = route.method;
    table_entry.path = to_text(route.path);
    table_entry.summary = to_text(route.summary);
    table_entry.since = to_text(route.since);
    table_entry.answer = route.answer;
    table_entry.permission = route.permission;
    table_entry.arguments = arguments.data();
    table_entry.argument_count = arguments.size();
    table_entry.handler = &Routes::handle;
    table_entry.context = &entries_.back();
    table_entry.flags = route.flags;
    host_.check(table_->add_route(host_.get(), &table_entry));
  }

 private:
  struct Entry {
    Host host;
    const hilum_http_v1* table;
    Handler handler;
  };
  static int32_t handle(void* context, hilum_request* handle) {
    auto* entry = static_cast<Entry*>(context);
    return entry->host.guard([&] {
      Request request(entry->host, *entry->table, handle);
      Answer answer(entry->host, *entry->table, handle);
      entry->handler(request, answer);
    });
  }
  Host host_;
  const hilum_http_v1* table_;
  std::deque<Entry> entries_;  // addresses stay valid
};

}  // namespace hilum
