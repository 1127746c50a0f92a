// What a request for an archive asks for.
#pragma once

#include <hilum/rest/call.h>
#include <hilum/rest/job_answer.h>

#include <string>
#include <string_view>
#include <vector>

#include "archive.h"

namespace hilum::archives {

// What a route makes.
enum class Kind : uint8_t { kArchive, kMedia, kExtendedMedia };

struct ArchiveRequest {
  Selection selection;
  std::vector<std::string> resources;  // as they were asked for
  ArchiveOptions options;
  std::string file_name;  // empty: the default of the route
  rest::JobArguments job;
};

// What the options say, for requests that say nothing else.
ArchiveOptions default_options(const Config& config, Kind kind);

// The four forms of requests: GET and POST of one resource (of the level of the path), and of a list of resources. They throw
// Errors of the 4xx for what is malformed or unknown.
ArchiveRequest get_of_resource(const rest::Call& call, Kind kind);
ArchiveRequest post_of_resource(const rest::Call& call, Kind kind);
ArchiveRequest get_of_list(const rest::Services& services, const Request& request, Kind kind);
ArchiveRequest post_of_list(const rest::Services& services, const Request& request, Kind kind);

}  // namespace hilum::archives
