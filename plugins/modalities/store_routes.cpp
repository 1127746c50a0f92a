// POST /modalities/{id}/store and store-straight.
#include <hilum/rest/temporary_file.h>
#include <sys/mman.h>

#include <memory>

#include "routes.h"
#include "store_task.h"

namespace hilum::modalities {

namespace {

constexpr size_t kLongestBody = 64u << 20;  // a million ids
constexpr uint64_t kLongestFile = uint64_t{8} << 30;
constexpr size_t kInMemory = 8u << 20;

void store(const Context& context, Request& request, Answer& answer) {
  const std::string modality = require_modality(context.tools, request);
  const Json::Value body = rest::read_resources_body(request.body(kLongestBody));
  const rest::JobArguments arguments = rest::read_job_arguments(body);
  StoreRequest store = parse_store_request(modality, body);
  find_instances(context.tools.services.index.snapshot(), store);
  // Before anything is sent: the log also tells of what may have arrived.
  for (const rest::NamedResource& named : store.resources)
    context.tools.changes.log_export(named.id, modality);

  JobOptions options;
  for (const rest::NamedResource& named : store.resources) options.resources.push_back(named.id);
  const auto payload = std::make_shared<rest::ErrorPayload>();
  auto task = std::make_unique<StoreTask>(context.tools, std::move(store), payload);
  options.content = task->content();
  try {
    rest::answer_with_job(answer, context.jobs, StoreTask::kType, std::move(task), arguments,
                          std::move(options));
  } catch (const Error& error) {
    rest::answer_error(context.tools.services.config, request, answer, error, payload->get());
  }
}

// The body of a request as bytes: large ones wait in a temporary file that is mapped.
class Body {
 public:
  Body(const Request& request, const std::string& directory) : size_(request.body_size()) {
    if (size_ > kLongestFile) {
      throw Error(HILUM_E_TOO_LARGE,
                  "this route takes files up to " + std::to_string(kLongestFile) + " bytes");
    }
    if (size_ <= kInMemory) {
      text_ = request.body(kInMemory);
      return;
    }
    rest::TemporaryFile file(directory);
    copy(request, file);
    void* mapped = ::mmap(nullptr, static_cast<size_t>(size_), PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
    if (mapped == MAP_FAILED) throw Error(HILUM_E_SYSTEM, "cannot map a temporary file");
    mapped_ = static_cast<const char*>(mapped);
  }
  ~Body() {
    if (mapped_) ::munmap(const_cast<char*>(mapped_), static_cast<size_t>(size_));
  }
  Body(const Body&) = delete;
  Body& operator=(const Body&) = delete;

  std::string_view bytes() const {
    return mapped_ ? std::string_view(mapped_, static_cast<size_t>(size_)) : std::string_view(text_);
  }

 private:
  void copy(const Request& request, rest::TemporaryFile& file) const {
    std::string piece(kInMemory / 8, '\0');
    uint64_t offset = 0;
    while (const size_t count = request.read_body(offset, piece.data(), piece.size())) {
      file.write(offset, std::string_view(piece).substr(0, count));
      offset += count;
    }
    if (offset != size_) throw Error(HILUM_E_NETWORK, "the body ends too early");
  }

  const uint64_t size_;
  std::string text_;
  const char* mapped_ = nullptr;
};

void store_straight(const Context& context, Request& request, Answer& answer) {
  const std::string modality = require_modality(context.tools, request);
  const Body body(request, context.tools.services.temporary_directory);
  const rest::DirectCalls::Call direct(context.tools.direct_calls);
  ScuSender sender(context.tools.host, target_of(context.tools, modality, {}),
                   ScuSender::Options{true, {}, 0});
  const hilum_sent sent = sender.send_file(body.bytes());
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("SOPClassUID", sent.sop_class);
  json.member("SOPInstanceUID", sent.sop_instance);
  json.end_object();
  answer.json(text);
}

}  // namespace

void add_store_routes(Routes& routes, const Context& context) {
  std::vector<RouteArgument> arguments = {
      {HILUM_IN_BODY, "Resources", "array",
       "Ids of patients, studies, series and instances; or the body itself is such an array, or one id"},
      {HILUM_IN_BODY, "LocalAet", "string", "The title that the server uses"},
      {HILUM_IN_BODY, "CalledAet", "string", "The title to call, in place of the one of the definition"},
      {HILUM_IN_BODY, "Host", "string", "The host to call, in place of the one of the definition"},
      {HILUM_IN_BODY, "Port", "integer", "The port to call, in place of the one of the definition"},
      {HILUM_IN_BODY, "Timeout", "integer", "Seconds to wait; 0: without limit"},
      {HILUM_IN_BODY, "MoveOriginatorAet", "string", "Who has asked for it by C-MOVE"},
      {HILUM_IN_BODY, "MoveOriginatorID", "integer", "The message of that C-MOVE, 1 to 65535"},
      {HILUM_IN_BODY, "StorageCommitment", "boolean", "Then ask the other system for storage commitment"},
  };
  for (RouteArgument& argument : rest::job_route_arguments()) arguments.push_back(std::move(argument));
  routes.add({HILUM_POST, "/modalities/{id}/store", "Sends resources to a DICOM system", HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT, std::move(arguments)},
             [&context](Request& request, Answer& answer) { store(context, request, answer); });
  routes.add({HILUM_POST,
              "/modalities/{id}/store-straight",
              "Sends a DICOM file that is not stored to a DICOM system",
              HILUM_ANSWER_JSON,
              HILUM_PERMISSION_EXPORT,
              {{HILUM_IN_BODY, "", "binary", "The DICOM file"}}},
             [&context](Request& request, Answer& answer) { store_straight(context, request, answer); });
}

}  // namespace hilum::modalities
