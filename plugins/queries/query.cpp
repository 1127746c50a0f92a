#include "query.h"

#include <hilum/rest/json_body.h>

#include <algorithm>
#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace hilum::queries {

namespace {

constexpr uint64_t kMostBytes = 64u << 20;        // of one query
constexpr uint64_t kMostBytesInAll = 256u << 20;  // of all that are kept
constexpr uint64_t kAroundAnswer = 64;            // what a text takes beside its characters

std::string new_id() {
  static thread_local boost::uuids::random_generator generator;  // the system's randomness
  return boost::uuids::to_string(generator());
}

}  // namespace

Queries::Queries(Host host, const rest::Services& services)
    : services_(services),
      host_(host),
      server_(host.service<hilum_server_draft>(HILUM_SERVER_DRAFT)),
      scu_(host),
      modalities_(host),
      kept_(static_cast<size_t>(std::max<int64_t>(1, services.config.integer("QueryRetrieveSize"))),
            kMostBytesInAll),
      direct_calls_(host) {}

std::string Queries::ask(Question question) {
  auto query = std::make_shared<Query>();
  query->answers = find(question, query->bytes);
  query->question = std::move(question);
  const std::string id = new_id();
  const uint64_t bytes = query->bytes;
  kept_.put(id, std::move(query), bytes);
  return id;
}

std::vector<std::string> Queries::find(const Question& question, uint64_t& bytes) const {
  const std::optional<Json::Value> definition = rest::parse_json(modalities_.get(question.modality));
  const std::string manufacturer = definition ? (*definition)["Manufacturer"].asString() : std::string();
  const std::string identifier = dicom::write_identifier(
      question.level, dicom::find_keys(question.level, question.keys, question.normalize, manufacturer),
      services_.default_encoding());
  ScuTarget target;
  target.modality = question.modality;
  target.local_aet = question.local_aet;
  target.timeout = question.timeout;
  target.still_wanted = [this] { return server_.is_stopping(host_.get()) == 0; };
  const rest::DirectCalls::Call direct(direct_calls_);
  std::vector<std::string> answers;
  scu_.find(target, question.level == dicom::Level::Patient ? HILUM_SCU_PATIENT_ROOT : HILUM_SCU_STUDY_ROOT,
            identifier, [&](std::string_view data_set) {
              bytes += data_set.size() + kAroundAnswer;
              if (bytes > kMostBytes) {
                throw Error(HILUM_E_TOO_LARGE, "the answers have more than " + std::to_string(kMostBytes) +
                                                   " bytes together: ask for less");
              }
              answers.emplace_back(data_set);
              return true;
            });
  return answers;
}

std::shared_ptr<const Query> Queries::require(std::string_view id) {
  std::shared_ptr<const Query> query = kept_.find(id);
  if (!query) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE,
                "No query has this id (any more): " + std::string(id.substr(0, 64)));
  }
  return query;
}

}  // namespace hilum::queries
