// A job of one's own: POST /countdown counts down in steps, and can be watched, paused, cancelled and resubmitted below /jobs.
// After a restart of the server it goes on where it was.
#include <hilum/cpp/hilum.h>
#include <hilum/cpp/jobs.h>
#include <hilum/cpp/nameless_file.h>
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace {

constexpr const char* kType = "Countdown";
constexpr int kMostSteps = 100000;
constexpr int kLongestStep = 60000;  // milliseconds

// What the request asks for, and what is saved: a JSON object.
struct Plan {
  int from = 10;          // steps
  int milliseconds = 10;  // of a step
  int fail_at = -1;       // a step that fails, once
  int retry_at = -1;      // a step that is tried again, once
  int done = 0;           // steps so far
  bool report = false;    // an output
};

int integer(const Json::Value& object, const char* name, int otherwise, int least, int most) {
  if (!object.isMember(name)) {
    return otherwise;
  }
  const Json::Value& value = object[name];
  if (!value.isInt()) {
    throw hilum::Error(HILUM_E_BAD_FORMAT, std::string("Integer value expected in field: ") + name);
  }
  if (value.asInt() < least || value.asInt() > most) {
    throw hilum::Error(HILUM_E_OUT_OF_RANGE, std::string(name) + " is a number from " +
                                                 std::to_string(least) + " to " + std::to_string(most));
  }
  return value.asInt();
}

Plan read_plan(const Json::Value& object) {
  Plan plan;
  plan.from = integer(object, "From", plan.from, 0, kMostSteps);
  plan.milliseconds = integer(object, "Milliseconds", plan.milliseconds, 0, kLongestStep);
  plan.fail_at = integer(object, "FailAt", plan.fail_at, -1, kMostSteps);
  plan.retry_at = integer(object, "RetryAt", plan.retry_at, -1, kMostSteps);
  plan.done = integer(object, "Done", plan.done, 0, kMostSteps);
  plan.report = hilum::rest::boolean_field(object, "Report", plan.report);
  return plan;
}

Json::Value write_plan(const Plan& plan) {
  Json::Value object(Json::objectValue);
  object["From"] = plan.from;
  object["Milliseconds"] = plan.milliseconds;
  object["FailAt"] = plan.fail_at;
  object["RetryAt"] = plan.retry_at;
  object["Done"] = plan.done;
  object["Report"] = plan.report;
  return object;
}

// The public content of the job.
std::string content_of(const Plan& plan) {
  Json::Value content(Json::objectValue);
  content["Description"] = "REST API";
  content["Left"] = plan.from - plan.done;
  return hilum::rest::styled(content);
}

// The engine runs one function of it at a time, and owns it.
class Countdown : public hilum::JobTask {
 public:
  explicit Countdown(const Plan& plan) : plan_(plan) {}

  hilum::JobStep step(const hilum::Job& job) override {
    if (plan_.done == plan_.fail_at) {
      plan_.fail_at = -1;
      throw hilum::Error(HILUM_E_CORRUPTED, "the count has failed, as it was told to");
    }
    if (plan_.done == plan_.retry_at) {
      plan_.retry_at = -1;
      return hilum::JobStep::again(std::chrono::milliseconds(plan_.milliseconds));
    }
    if (!wait(job)) {
      return hilum::JobStep::more();  // this step is done again later
    }
    if (plan_.done < plan_.from) {
      ++plan_.done;
    }
    job.set_content(content_of(plan_));
    job.set_progress(plan_.from == 0 ? 1 : double(plan_.done) / plan_.from);
    if (plan_.done < plan_.from) {
      return hilum::JobStep::more();
    }
    if (plan_.report) {
      report(job);
    }
    return hilum::JobStep::done();
  }

  void reset() override { plan_.done = 0; }
  std::optional<std::string> save() override { return hilum::rest::styled(write_plan(plan_)); }

 private:
  // A step that takes long asks whether it should end. False if so.
  bool wait(const hilum::Job& job) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(plan_.milliseconds);
    while (std::chrono::steady_clock::now() < until) {
      if (job.stop_requested() != 0) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(std::min(plan_.milliseconds, 10)));
    }
    return true;
  }

  // For GET /jobs/{id}/report. The engine copies the descriptor.
  void report(const hilum::Job& job) const {
    const int file = hilum::open_nameless_file("/tmp");
    const std::string text = "Counted down from " + std::to_string(plan_.from) + ".\n";
    const bool written = file >= 0 && ::write(file, text.data(), text.size()) == ssize_t(text.size());
    if (written) {
      job.set_output("report", "text/plain", "report.txt", file);
    }
    if (file >= 0) {
      ::close(file);
    }
    if (!written) {
      throw hilum::Error(HILUM_E_CANNOT_WRITE, "the report cannot be written");
    }
  }

  Plan plan_;
};

class CountdownPlugin {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1, HILUM_JOBS_DRAFT, nullptr};

  explicit CountdownPlugin(hilum::Host host) : jobs_(host), routes_(host) {
    // How a job is made again after a restart, out of what it has saved.
    jobs_.add_type(kType, [](std::string_view, std::string_view text) {
      return std::make_unique<Countdown>(read_plan(hilum::rest::parse_json(text).value_or(Json::Value())));
    });
    std::vector<hilum::RouteArgument> arguments = hilum::rest::job_route_arguments(false);
    arguments.push_back({HILUM_IN_BODY, "From", "integer", "The number of steps"});
    arguments.push_back({HILUM_IN_BODY, "Milliseconds", "integer", "The time of each step"});
    arguments.push_back({HILUM_IN_BODY, "FailAt", "integer", "The step that fails, for trying failures"});
    arguments.push_back({HILUM_IN_BODY, "RetryAt", "integer", "The step that is tried again, once"});
    arguments.push_back({HILUM_IN_BODY, "Report", "boolean", "Offers a report for download"});
    routes_.add({HILUM_POST, "/countdown", "Counts down, as a job", HILUM_ANSWER_JSON,
                 HILUM_PERMISSION_ADMINISTER, std::move(arguments), "hilum"},
                [this](hilum::Request& request, hilum::Answer& answer) {
                  const Json::Value body = hilum::rest::json_object_body(request);
                  const hilum::rest::JobArguments job = hilum::rest::read_job_arguments(body, false);
                  const Plan plan = read_plan(body);
                  hilum::JobOptions options;
                  options.content = content_of(plan);
                  hilum::rest::answer_with_job(answer, jobs_, kType, std::make_unique<Countdown>(plan), job,
                                               std::move(options));
                });
  }

 private:
  hilum::Jobs jobs_;  // its end waits for steps that run
  hilum::Routes routes_;
};

}  // namespace

HILUM_PLUGIN(CountdownPlugin, "countdown", "1.0", "Counts down, as a job")
