#include "event_stream.h"

#include <hilum/rest/arguments.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "describe.h"
#include "selection.h"

namespace hilum::jobs {

namespace {

constexpr std::chrono::seconds kHeartBeat{10};         // finds out that a client has gone
constexpr std::chrono::milliseconds kLeastPause{100};  // between two pieces of a stream
constexpr size_t kLargestContent = 64u << 10;          // of a job, in an event

// Layout is the only place where our JSON has line breaks: those of texts are escaped.
std::string one_line(const std::string& styled) {
  std::string line;
  line.reserve(styled.size());
  for (size_t i = 0; i < styled.size(); ++i) {
    if (styled[i] != '\n') {
      line += styled[i];
      continue;
    }
    i = styled.find_first_not_of(' ', i + 1) - 1;  // it ends with a bracket
  }
  return line;
}

// https://html.spec.whatwg.org/multipage/server-sent-events.html
void append_event(std::string& out, const JobFacts& facts) {
  std::string object;
  dicom::JsonWriter json(object);
  write_job(json, facts, facts.content.size() <= kLargestContent);
  out += "id: " + std::to_string(facts.version) + "\nevent: job\ndata: " + one_line(object) + "\n\n";
}

class Place {
 public:
  Place(std::atomic<size_t>& open, size_t limit) : open_(open) {
    if (open_.fetch_add(1) >= limit) {
      open_.fetch_sub(1);
      throw Error(HILUM_E_BUSY, "there are " + std::to_string(limit) + " listeners to jobs already");
    }
  }
  ~Place() { open_.fetch_sub(1); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  std::atomic<size_t>& open_;
};

}  // namespace

void EventStreams::serve(Request& request, Answer& answer) {
  const Selection selection(request);
  const auto wanted = [&](const JobFacts& facts) { return selection.matches(facts); };
  const std::string_view last = request.header("last-event-id").value_or("");
  const int64_t known = rest::parse_integer(last).value_or(0);
  const Place place(open_, limit_);
  const Engine::Waiting waiting(engine_);
  uint64_t version = known > 0 ? static_cast<uint64_t>(known) : 0;
  answer.header("Cache-Control", "no-store");
  answer.header("X-Accel-Buffering", "no");  // proxies pass it on at once
  answer.begin("text/event-stream");
  answer.write("retry: 2000\n\n");
  auto written = std::chrono::steady_clock::now();
  while (!engine_.is_stopping()) {
    const uint64_t current = engine_.version();
    std::string out;
    for (const JobFacts& facts : engine_.changed_since(version, wanted)) {
      append_event(out, facts);
      if (out.size() > kLargestContent) {
        answer.write(out);
        out.clear();
      }
    }
    version = current;
    if (out.empty() && std::chrono::steady_clock::now() - written >= kHeartBeat) {
      out = ":\n\n";
    }
    if (!out.empty()) {
      answer.write(out);
      written = std::chrono::steady_clock::now();
    }
    std::this_thread::sleep_for(kLeastPause);
    engine_.wait_for_change(version, std::chrono::steady_clock::now() + kHeartBeat);
  }
  answer.end();
}

}  // namespace hilum::jobs
