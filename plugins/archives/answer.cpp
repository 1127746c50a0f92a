// The two ways of an archive to its client: a stream, and a job.
#include <hilum/rest/blob_answer.h>
#include <hilum/rest/temporary_file.h>

#include <algorithm>

#include "archives.h"
#include "job.h"

namespace hilum::archives {

namespace {

constexpr const char* kZip = "application/zip";
constexpr size_t kPiece = 256 * 1024;
constexpr size_t kMostResourcesOfJob = 1000;  // that GET /jobs?resource= finds it by

}  // namespace

void Plugin::answer(Answer& answer, ArchiveRequest request, const std::string& default_file_name) const {
  if (!request.job.synchronous) return submit(answer, std::move(request));
  const std::string file_name = request.file_name.empty() ? default_file_name : request.file_name;
  answer.header("Content-Disposition", rest::content_disposition(file_name));
  if (services_.config.boolean("SynchronousZipStream")) return stream(answer, request);
  answer_from_file(answer, request);
}

// Its size is not known, so it ends with the last chunk. An error after its beginning cuts the connection, so that nobody takes
// the piece for the whole; a client that leaves ends it at its next write.
void Plugin::stream(Answer& answer, const ArchiveRequest& request) const {
  Archive archive(content_services(), pool_, request.selection, request.options,
                  [&](std::string_view piece) { answer.write(piece); });
  answer.begin(kZip);
  while (archive.next()) {
  }
  answer.end();
}

void Plugin::answer_from_file(Answer& answer, const ArchiveRequest& request) const {
  rest::TemporaryFile file(services_.temporary_directory);
  uint64_t size = 0;
  {
    Archive archive(content_services(), pool_, request.selection, request.options,
                    [&](std::string_view piece) {
                      file.write(size, piece);
                      size += piece.size();
                    });
    while (archive.next()) {
    }
  }
  answer.begin(kZip, size);
  const dicom::ByteSource source(file.descriptor(), 0, size);
  for (uint64_t offset = 0; offset < size; offset += kPiece) answer.write(source.copy(offset, kPiece));
  answer.end();
}

void Plugin::submit(Answer& answer, ArchiveRequest request) const {
  if (!jobs_) throw Error(HILUM_E_UNKNOWN_SERVICE, "asynchronous archives need the plugin jobs");
  const Amount amount = request.selection.amount(services_.index.snapshot());
  JobOptions options;
  // Neither they nor their files outlive the server, as in Orthanc.
  options.flags = HILUM_JOB_VOLATILE;
  options.content = job_content(request, amount, 0);
  const size_t count = std::min(request.resources.size(), kMostResourcesOfJob);
  options.resources.assign(request.resources.begin(),
                           request.resources.begin() + static_cast<std::ptrdiff_t>(count));
  const char* type = request.options.layout == Layout::kMedia ? "Media" : "Archive";
  const rest::JobArguments arguments = request.job;
  rest::answer_with_job(answer, *jobs_, type,
                        make_archive_task(content_services(), pool_, std::move(request), amount), arguments,
                        std::move(options));
}

}  // namespace hilum::archives
