// A job that makes new instances of stored ones, and stores all of them at once.
#pragma once

#include <hilum/cpp/batch.h>
#include <hilum/cpp/ingest.h>
#include <hilum/cpp/jobs.h>
#include <hilum/cpp/log.h>
#include <hilum/cpp/records.h>
#include <hilum/dicom/edited_file.h>
#include <hilum/dicom/identity.h>
#include <hilum/dicom/json_writer.h>
#include <hilum/rest/call.h>
#include <json/json.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "finished_jobs.h"
#include "transcoding.h"

namespace hilum::modification {

// What the tasks of this plugin use. Built once, then only read.
struct Tools {
  explicit Tools(Host host);

  bool overwrites() const;  // OverwriteInstances replaces what is there

  Host host;
  rest::Services services;
  Ingest ingest;
  Log log;
  FileTranscoder transcoder;
  Records records;
  mutable FinishedJobs finished;
};

// Who has asked; results say so in their metadata.
struct Asker {
  std::string address;
  std::string user;

  static Asker of(const Request& request) {
    return {std::string(request.remote_address()), std::string(request.user())};
  }
};

// Ids of a resource and of those above it, by level.
class Chain {
 public:
  std::string& operator[](hilum_level level) { return ids_[level - HILUM_PATIENT]; }
  const std::string& operator[](hilum_level level) const { return ids_[level - HILUM_PATIENT]; }

  static Chain of(const Resource& instance);
  static Chain of(const hilum_stored& stored);

 private:
  std::array<std::string, 4> ids_;
};

// Steps: a few instances each, whose results wait in a batch; the last one commits the batch with the removal of the sources and a
// record that says that the job is done. Until then nothing has happened; a job that is cancelled, that fails or whose
// process dies leaves everything as it was, and one that is run again after a restart begins anew, unless that record is
// there. Owned by the job engine.
class BatchTask : public JobTask {
 public:
  struct Options {
    bool keep_source = true;
    bool permissive = false;
    Asker asker;
  };

  BatchTask(const Tools& tools, Options options) : tools_(tools), options_(std::move(options)) {}

  JobStep step(const Job& job) override;
  void stop(hilum_job_stop reason) override;
  void reset() override;
  std::optional<std::string> save() override;

  // The public content of the job before its first step. A JSON object.
  std::string initial_content(const Snapshot& snapshot);

  static Options read_options(const Json::Value& from);

 protected:
  // Adds the ids of the instances to work on: add_sources(). May refuse by throwing.
  virtual void prepare(const Snapshot& snapshot) = 0;
  // Changes one instance.
  virtual void edit(dicom::EditedFile& file, const Chain& source) = 0;
  // In which transfer syntax results are wanted; null: as they are.
  virtual const Transcoding* transcoding() const { return nullptr; }
  // One result is in the batch.
  virtual void added(const Resource& source, const Chain& from, const Chain& to, Batch& batch) {
    (void)source;
    (void)from;
    (void)to;
    (void)batch;
  }
  // Members of the content in the order of their names.
  virtual void write_content(dicom::JsonWriter& json, bool is_done) const = 0;
  // After the commit, also of one that a restart has forgotten.
  virtual void committed() {}
  virtual Json::Value save_request() const = 0;
  // Forgets what is known of results.
  virtual void begin_again() {}

  void add_sources(const Resource& resource);
  const std::vector<std::string>& instances() const { return instances_; }
  uint64_t failed() const { return failed_; }
  const Tools& tools() const { return tools_; }
  const Options& options() const { return options_; }

 private:
  void begin(const Snapshot& snapshot);
  void work_on(const Snapshot& snapshot, const std::string& id);
  void check_result(const Snapshot& snapshot, const Chain& from, const dicom::Identifiers& to) const;
  void add_result(const Resource& source, const Chain& from, dicom::EditedFile& file);
  void add_converted(const Resource& source, const Chain& from, std::string_view file);
  void add_bytes(const Resource& source, const Chain& from, std::string_view file);
  void expect_unchanged(const Resource& source);
  void commit(const Job& job);
  void show(const Job& job, const std::string& content) const;
  void forget();
  std::string content(bool is_done) const;

  const Tools& tools_;
  Options options_;
  std::vector<std::string> instances_;
  size_t next_ = 0;
  uint64_t failed_ = 0;
  std::optional<Batch> batch_;
  std::set<std::string> named_;       // resources whose instances are in the list
  std::set<std::string> results_;     // ids of the instances in the batch
  std::vector<std::string> removed_;  // sources whose results are in the batch
  std::string buffer_;                // of one file, kept for the next
};

}  // namespace hilum::modification
