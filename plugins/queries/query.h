// What one C-FIND has brought, kept for the requests that follow it.
#pragma once

#include <hilum/cpp/modalities.h>
#include <hilum/cpp/scu.h>
#include <hilum/dicom/query_identifier.h>
#include <hilum/draft/server.h>
#include <hilum/rest/call.h>
#include <hilum/rest/direct_calls.h>
#include <hilum/rest/recent.h>
#include <json/json.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::queries {

// What is asked for.
struct Question {
  std::string modality;
  dicom::Level level = dicom::Level::Study;
  dicom::QueryKeys keys;  // as the client has given them
  bool normalize = true;
  std::string local_aet;            // empty: that of the modality
  std::optional<uint32_t> timeout;  // seconds; 0: no limit
};

// A question with its answers. Never changes: any thread.
struct Query {
  Question question;
  std::vector<std::string> answers;  // data sets in explicit VR little endian
  uint64_t bytes = 0;                // of memory, about
};

// Asks, and keeps the queries that have succeeded: in memory, the least recently used goes first. Any thread.
class Queries {
 public:
  Queries(Host host, const rest::Services& services);

  // The id of the new query. Throws what the C-FIND throws, and HILUM_E_TOO_LARGE if the answers are too many.
  std::string ask(Question question);
  // Throws HILUM_E_UNKNOWN_RESOURCE.
  std::shared_ptr<const Query> require(std::string_view id);
  void remove(std::string_view id) { kept_.remove(id); }
  std::vector<std::string> ids() const { return kept_.ids(); }

  const rest::Services& services() const { return services_; }
  const Modalities& modalities() const { return modalities_; }

 private:
  std::vector<std::string> find(const Question& question, uint64_t& bytes) const;

  const rest::Services& services_;
  const Host host_;
  const hilum_server_draft& server_;
  const Scu scu_;
  const Modalities modalities_;
  rest::Recent<const Query> kept_;
  mutable rest::DirectCalls direct_calls_;
};

}  // namespace hilum::queries
