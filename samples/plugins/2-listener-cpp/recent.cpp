// A plugin in C++ with an event listener: GET /recent tells how many instances have arrived since the server
// started, and the public ids of the last ones, newest first.
//
// The option `RecentInstances` says how many it remembers.
#include <hilum/cpp/hilum.h>

#include <deque>
#include <mutex>
#include <string>

namespace {

class Recent {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1, HILUM_EVENTS_V1, HILUM_CONFIG_V1, nullptr};

  explicit Recent(hilum::Host host) : events_(host), routes_(host) {
    const hilum::Config config(host);
    config.declare("RecentInstances", HILUM_OPTION_INTEGER, "10",
                   "How many instances GET /recent lists, at most 1000.");
    const int64_t limit = config.integer("RecentInstances");
    if (limit < 0 || limit > 1000) {  // refuses the plugin with this reason
      throw hilum::Error(HILUM_E_OUT_OF_RANGE, "RecentInstances must be from 0 to 1000");
    }
    limit_ = static_cast<size_t>(limit);
    events_.listen([this](const hilum_event& event) { remember(event); });
    routes_.add({HILUM_GET,
                 "/recent",
                 "The instances that arrived last",
                 HILUM_ANSWER_JSON,
                 HILUM_PERMISSION_VIEW,
                 {},
                 "hilum"},
                [this](hilum::Request&, hilum::Answer& answer) { answer.json(list()); });
  }

 private:
  // On the thread of this plugin's events.
  void remember(const hilum_event& event) {
    if (event.type != HILUM_EVENT_NEW_INSTANCE) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
    last_.emplace_front(hilum::to_view(event.resource));
    if (last_.size() > limit_) last_.pop_back();
  }

  // On worker threads. Public ids need no escaping in JSON.
  std::string list() {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string json = "{\"Count\":" + std::to_string(count_) + ",\"Last\":[";
    for (size_t i = 0; i < last_.size(); ++i) {
      json += (i == 0 ? "\"" : ",\"") + last_[i] + "\"";
    }
    return json + "]}\n";
  }

  std::mutex mutex_;  // guards count_ and last_
  uint64_t count_ = 0;
  std::deque<std::string> last_;
  size_t limit_ = 0;
  // After what their callbacks use.
  hilum::Events events_;
  hilum::Routes routes_;
};

}  // namespace

HILUM_PLUGIN(Recent, "recent", "1.0", "Lists the instances that arrived last")
