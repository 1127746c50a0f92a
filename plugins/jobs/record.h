// Jobs as durable records.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "job.h"

namespace hilum::jobs {

// Where records are kept. Any thread.
class RecordStore {
 public:
  using Change = std::pair<std::string, std::optional<std::string>>;  // an absent value erases
  virtual ~RecordStore() = default;
  virtual std::vector<std::pair<std::string, std::string>> all() const = 0;
  // All or none, durable on return. Throws.
  virtual void write(const std::vector<Change>& changes) = 0;
};

// A job is two records, so that what is large and seldom changes is not written with each change of state: `job/ID`
// (JSON) and `task/ID` (the text of the task, if it can be carried over a restart).
std::string job_key(std::string_view id);
std::string task_key(std::string_view id);

// At most 12 MiB, less than a store takes: what is larger goes without the resources, and then without the largest of the
// texts, which a restart can do without.
std::string record_of(const Job& job);
// Sets all but the task's text. Pending, running and retried jobs become pending. False: this is no record of a job.
bool read_record(std::string_view text, Job& job);

}  // namespace hilum::jobs
