// hilum.rest/1 in C++: REST calls inside the process.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/rest.h>

#include <string>
#include <utility>
#include <vector>

namespace hilum {

struct RestAnswer {
  int32_t status = 0;
  std::string body;
};

// Calls routes without a socket, as the server itself. Copyable; usable from every thread once all plugins
// have started.
class Rest {
 public:
  explicit Rest(Host host) : host_(host), table_(&host.service<hilum_rest_v1>(HILUM_REST_V1)) {}

  // `path` may carry a query and must be percent-encoded.
  RestAnswer call(hilum_method method, std::string_view path, std::string_view body = {},
                  const std::vector<std::pair<std::string, std::string>>& headers = {}) const {
    std::vector<hilum_header> fields;
    for (const auto& [name, value] : headers) fields.push_back({to_text(name), to_text(value)});
    hilum_rest_call call{};
    call.size = sizeof call;
    call.method = method;
    call.path = to_text(path);
    call.headers = fields.data();
    call.header_count = fields.size();
    call.body = body.data();
    call.body_size = body.size();
    RestAnswer answer;
    StringSink sink;
    host_.check(table_->call(host_.get(), &call, &answer.status, sink.sink()));
    answer.body = std::move(sink.text());
    return answer;
  }
  RestAnswer get(std::string_view path) const { return call(HILUM_GET, path); }
  RestAnswer post(std::string_view path, std::string_view body) const { return call(HILUM_POST, path, body); }
  RestAnswer put(std::string_view path, std::string_view body) const { return call(HILUM_PUT, path, body); }
  RestAnswer remove(std::string_view path) const { return call(HILUM_DELETE, path); }

 private:
  Host host_;
  const hilum_rest_v1* table_;
};

}  // namespace hilum
