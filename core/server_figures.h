// Figures that are not counted as things happen, but worked out when somebody asks for them.
#pragma once

#include <chrono>

namespace hilum::dimse {
class Server;
}
namespace hilum::http {
class Server;
}
namespace hilum::ingest {
class Ingest;
}

namespace hilum {

struct FigureSources {
  const ingest::Ingest& ingest;
  const dimse::Server& dicom;
  const http::Server* http;  // nullptr: does not listen
  std::chrono::steady_clock::time_point started;
};

// Writes them into the registry of metrics. From any thread.
void refresh_figures(const FigureSources& sources);

}  // namespace hilum
