#include "job.h"

#include <hilum/dicom/json_writer.h>
#include <hilum/rest/temporary_file.h>

#include <chrono>
#include <optional>
#include <utility>

namespace hilum::archives {

namespace {

// Long enough to be worth a step, short enough for a pause to come soon.
constexpr std::chrono::milliseconds kStep{300};

class ArchiveTask : public JobTask {
 public:
  ArchiveTask(const ContentServices& services, Pool& pool, ArchiveRequest request, const Amount& amount)
      : services_(services), pool_(pool), request_(std::move(request)), amount_(amount) {}

  JobStep step(const Job& job) override {
    if (!archive_) begin();
    const auto end = std::chrono::steady_clock::now() + kStep;
    while (archive_->next()) {
      if (amount_.bytes > 0) {
        job.set_progress(static_cast<double>(archive_->content_size()) / static_cast<double>(amount_.bytes));
      }
      if (std::chrono::steady_clock::now() > end || job.stop_requested() != 0) return JobStep::more();
    }
    job.set_content(job_content(request_, amount_, archive_->size()));
    job.set_output("archive", "application/zip",
                   request_.file_name.empty() ? "archive.zip" : request_.file_name, file_->descriptor());
    return JobStep::done();
  }

  // The output keeps the file.
  void stop(hilum_job_stop reason) override {
    if (reason == HILUM_JOB_STOP_PAUSED) return;
    archive_.reset();
    file_.reset();
  }

  void reset() override { throw Error(HILUM_E_BAD_SEQUENCE, "Cannot resubmit the creation of an archive"); }

 private:
  void begin() {
    file_.emplace(services_.rest.temporary_directory);
    archive_ = std::make_unique<Archive>(services_, pool_, request_.selection, request_.options,
                                         [this, written = uint64_t{0}](std::string_view piece) mutable {
                                           file_->write(written, piece);
                                           written += piece.size();
                                         });
  }

  const ContentServices services_;
  Pool& pool_;
  const ArchiveRequest request_;
  const Amount amount_;
  std::optional<rest::TemporaryFile> file_;
  std::unique_ptr<Archive> archive_;
};

constexpr uint64_t kMegabyte = 1u << 20;

}  // namespace

// Sizes are texts as well as megabytes, for clients whose numbers have 32 bits.
std::string job_content(const ArchiveRequest& request, const Amount& amount, uint64_t archive_size) {
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  json.member("ArchiveSize", std::to_string(archive_size));
  json.member("ArchiveSizeMB", archive_size / kMegabyte);
  json.member("Description", "REST API");
  json.member("InstancesCount", amount.instances);
  const ContentOptions& content = request.options.content;
  if (!content.transcode.empty()) json.member("Transcode", content.transcode);
  json.member("UncompressedSize", std::to_string(amount.bytes));
  json.member("UncompressedSizeMB", amount.bytes / kMegabyte);
  json.member("Utf8", request.options.utf8);
  json.end_object();
  return text;
}

std::unique_ptr<JobTask> make_archive_task(const ContentServices& services, Pool& pool,
                                           ArchiveRequest request, const Amount& amount) {
  return std::make_unique<ArchiveTask>(services, pool, std::move(request), amount);
}

}  // namespace hilum::archives
