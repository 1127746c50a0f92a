// hilum.jobs/draft: the engine as other plugins see it.
#include <hilum/rest/job_answer.h>
#include <hilum/rest/json_body.h>
#include <hilum/rest/styled_json.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "plugin.h"

namespace hilum::jobs {

namespace {

constexpr size_t kLargestContent = 4u << 20;
constexpr size_t kLargestStyled = 2 * kLargestContent;  // the same text, indented
constexpr size_t kMostResources = 1000000;

Plugin& plugin_of(void* engine) { return *static_cast<Plugin*>(engine); }

template <typename Function>
int32_t guarded(void* engine, Function&& function) {
  Plugin& plugin = plugin_of(engine);
  return plugin.host().guard([&] { function(plugin.engine()); });
}

// The JSON text in the layout of the REST API.
std::string checked_json(std::string_view text, const char* what, bool object) {
  if (text.size() > kLargestContent) {
    throw Error(HILUM_E_TOO_LARGE, std::string("the ") + what + " of a job has " +
                                       std::to_string(text.size()) + " bytes, more than " +
                                       std::to_string(kLargestContent));
  }
  const std::optional<Json::Value> value = rest::parse_json(text);
  if (!value || (object && !value->isObject())) {
    throw Error(HILUM_E_BAD_FORMAT,
                std::string("the ") + what + " of a job is no JSON" + (object ? " object" : " value"));
  }
  if (rest::is_deeper_than(*value, rest::kDeepestUserData)) {
    throw Error(HILUM_E_BAD_FORMAT, std::string("the ") + what + " of a job is nested more than " +
                                        std::to_string(rest::kDeepestUserData) + " levels deep");
  }
  return rest::styled(*value, kLargestStyled);
}

std::string checked_word(hilum_text text, const char* what) {
  const std::string_view word = to_view(text);
  if (!is_word(word)) {
    throw Error(HILUM_E_OUT_OF_RANGE, std::string(what) +
                                          " has 1 to 64 letters, digits, '-', '_' and '.', not \"" +
                                          std::string(word.substr(0, 64)) + "\"");
  }
  return std::string(word);
}

template <typename T>
T known_part(const T* given, const char* what) {
  if (!given) {
    throw Error(HILUM_E_NULL_POINTER, std::string(what) + " is NULL");
  }
  T part{};
  std::memcpy(static_cast<void*>(&part), given, std::min<size_t>(given->size, sizeof part));
  return part;
}

Submission submission_of(hilum_text type, const hilum_job_options* given) {
  Submission submission;
  submission.type = checked_word(type, "the type of a job");
  if (!given) {
    return submission;
  }
  const auto options = known_part(given, "options");
  submission.priority = options.priority;
  submission.flags = options.flags;
  if (options.content.data) {
    submission.content = checked_json(to_view(options.content), "content", true);
  }
  if (options.user_data.data) {
    submission.user_data = checked_json(to_view(options.user_data), "user data", false);
  }
  const uint64_t count = std::min<uint64_t>(options.resource_count, kMostResources);
  for (uint64_t i = 0; i < count; ++i) {
    submission.resources.emplace_back(to_view(options.resources[i]));
  }
  return submission;
}

void write(hilum_sink sink, std::string_view text, Host host) {
  if (sink.write) {
    host.check(sink.write(sink.context, text.data(), text.size()));
  }
}

[[noreturn]] void unknown_job(hilum_text id) {
  throw Error(HILUM_E_INEXISTENT_ITEM,
              "No job found with this id: " + std::string(to_view(id).substr(0, 64)));
}

int32_t add_type(void* engine, const hilum_host* host, hilum_text type, hilum_load_job load, void* context) {
  return guarded(engine, [&](Engine& jobs) {
    jobs.add_type(checked_word(type, "the type of a job"), {host, load, context});
  });
}

int32_t listen(void* engine, const hilum_host* host, hilum_on_job on_job, void* context) {
  return guarded(engine, [&](Engine& jobs) {
    if (!on_job) {
      throw Error(HILUM_E_NULL_POINTER, "on_job is NULL");
    }
    jobs.listen(host, on_job, context);
  });
}

void withdraw(void* engine, const hilum_host* host) {
  (void)guarded(engine, [&](Engine& jobs) { jobs.withdraw(host); });
}

int32_t submit(void* engine, const hilum_host* host, hilum_text type, const hilum_job_task* task,
               const hilum_job_options* options, hilum_sink id) {
  return guarded(engine, [&](Engine& jobs) {
    const auto functions = known_part(task, "task");
    // The job is the engine's by now: what the sink says of its id changes nothing about it.
    const std::string made = jobs.submit(host, submission_of(type, options), functions);
    if (id.write) {
      (void)id.write(id.context, made.data(), made.size());
    }
  });
}

int32_t run(void* engine, const hilum_host* host, hilum_text type, const hilum_job_task* task,
            const hilum_job_options* options, hilum_sink content, int32_t* taken) {
  bool is_taken = false;
  const int32_t status = guarded(engine, [&](Engine& jobs) {
    const auto functions = known_part(task, "task");
    write(content, jobs.run(host, submission_of(type, options), functions, is_taken),
          plugin_of(engine).host());
  });
  if (taken) {
    *taken = is_taken ? 1 : 0;
  }
  return status;
}

int32_t info(void* engine, const hilum_host*, hilum_text id, hilum_on_job on_job, void* context) {
  return guarded(engine, [&](Engine& jobs) {
    const std::optional<JobFacts> facts = jobs.facts(to_view(id));
    if (!facts) {
      unknown_job(id);
    }
    const hilum_job_info told = info_of(*facts);
    on_job(context, 0, &told);
  });
}

int32_t pause(void* engine, const hilum_host*, hilum_text id) {
  return guarded(engine, [&](Engine& jobs) {
    if (!jobs.pause(to_view(id))) {
      unknown_job(id);
    }
  });
}

int32_t cancel(void* engine, const hilum_host*, hilum_text id) {
  return guarded(engine, [&](Engine& jobs) {
    if (!jobs.cancel(to_view(id))) {
      unknown_job(id);
    }
  });
}

// For the changes that have to find a certain state.
template <typename Function>
int32_t from_state(void* engine, hilum_text id, const char* state, Function&& change) {
  return guarded(engine, [&](Engine& jobs) {
    if (!jobs.facts(to_view(id))) {
      unknown_job(id);
    }
    if (!change(jobs)) {
      throw Error(HILUM_E_BAD_SEQUENCE, std::string("the job is not in the state ") + state);
    }
  });
}

int32_t resume(void* engine, const hilum_host*, hilum_text id) {
  return from_state(engine, id, "Paused", [&](Engine& jobs) { return jobs.resume(to_view(id)); });
}

int32_t resubmit(void* engine, const hilum_host*, hilum_text id) {
  return from_state(engine, id, "Failure", [&](Engine& jobs) { return jobs.resubmit(to_view(id)); });
}

// --- inside steps; nothing here may throw across the boundary ---

hilum_text id(const hilum_job* job) { return to_text(job->job->facts.id); }

void set_progress(hilum_job* job, double progress) { job->engine->set_progress(*job->job, progress); }

template <typename Function>
int32_t guarded(hilum_job* job, Function&& function) {
  return Host(job->engine->host()).guard([&] { function(*job->engine, *job->job); });
}

int32_t set_content(hilum_job* job, hilum_text json) {
  return guarded(job, [&](Engine& jobs, Job& own) {
    jobs.set_content(own, checked_json(to_view(json), "content", true));
  });
}

int32_t set_output(hilum_job* job, const hilum_job_output* output) {
  return guarded(job, [&](Engine& jobs, Job& own) {
    const auto given = known_part(output, "output");
    std::string key = checked_word(given.key, "the key of an output");
    jobs.set_output(own, std::move(key), std::make_shared<const Output>(given));
  });
}

int32_t remove_output(hilum_job* job, hilum_text key) {
  return guarded(job, [&](Engine& jobs, Job& own) {
    if (!jobs.remove_output(own, to_view(key))) {
      throw Error(HILUM_E_INEXISTENT_ITEM,
                  "Job has no such output: " + std::string(to_view(key).substr(0, 64)));
    }
  });
}

int32_t set_error_payload(hilum_job* job, hilum_text json) {
  return guarded(job, [&](Engine& jobs, Job& own) {
    std::optional<std::string> payload;
    if (json.data) {
      payload = checked_json(to_view(json), "error payload", true);
    }
    jobs.set_error_payload(own, std::move(payload));
  });
}

uint32_t stop_requested(const hilum_job* job) { return job->job->stop_request; }

}  // namespace

hilum_jobs_draft make_table(Plugin& plugin) {
  return {&plugin,
          &add_type,
          &listen,
          &withdraw,
          &submit,
          &run,
          &info,
          &pause,
          &cancel,
          &resume,
          &resubmit,
          &id,
          &set_progress,
          &set_content,
          &set_output,
          &remove_output,
          &set_error_payload,
          &stop_requested};
}

}  // namespace hilum::jobs
