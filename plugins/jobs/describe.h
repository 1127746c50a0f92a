// Jobs as JSON.
#pragma once

#include <hilum/dicom/json_writer.h>

#include <string>

#include "job.h"

namespace hilum::jobs {

// The object of GET /jobs/{id}. `with_content`: false leaves out `Content`.
void write_job(dicom::JsonWriter& json, const JobFacts& facts, bool with_content = true);

// A time in microseconds since 1970 as jobs show it: 20261124T060700.067712.
std::string format_time(int64_t time_us);

}  // namespace hilum::jobs
