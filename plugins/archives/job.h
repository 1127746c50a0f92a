// The job that makes an archive for download.
#pragma once

#include <hilum/cpp/jobs.h>

#include <memory>

#include "archive.h"
#include "request.h"

namespace hilum::archives {

// What the job says of itself, `Content` of its description.
std::string job_content(const ArchiveRequest& request, const Amount& amount, uint64_t archive_size);

// The task of such a job. What it is given must live as long as the plugin's Jobs.
std::unique_ptr<JobTask> make_archive_task(const ContentServices& services, Pool& pool,
                                           ArchiveRequest request, const Amount& amount);

}  // namespace hilum::archives
