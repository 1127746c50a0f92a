// Errors that say more than an error's texts do: `ErrorPayload` beside them, in jobs and in answers.
#pragma once

#include <hilum/cpp/config.h>
#include <hilum/cpp/error.h>
#include <hilum/cpp/http.h>
#include <hilum/cpp/jobs.h>

#include <mutex>
#include <string>
#include <string_view>

namespace hilum::rest {

// What a job says when it fails, shared by its task and the request that may wait for it. Any thread.
class ErrorPayload {
 public:
  // `json`: an object {"Type", "Content"}. Also told to the job.
  void set(const Job& job, std::string_view json);
  std::string get() const;  // empty: none

 private:
  mutable std::mutex mutex_;
  std::string json_;
};

// Answers with the error and the payload, as the server answers errors; throws the error where there is no payload, where errors are not
// described (`HttpDescribeErrors`), and for those that are not the server's own (status 500).
void answer_error(const Config& config, const Request& request, Answer& answer, const Error& error,
                  const std::string& payload);

}  // namespace hilum::rest
