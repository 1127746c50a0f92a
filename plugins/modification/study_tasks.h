// The jobs SplitStudy and MergeStudy.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "batch_task.h"
#include "identifiers.h"
#include "rules.h"

namespace hilum::modification {

// Moves series and instances of a study into a new one. Owned by the job engine.
class SplitTask : public BatchTask {
 public:
  static constexpr const char* kType = "SplitStudy";

  struct SplitRequest {
    std::string study;
    std::vector<std::string> series;
    std::vector<std::string> instances;
    Json::Value body;  // Replace, Remove, KeepLabels
    std::string seed;
  };

  SplitTask(const Tools& tools, Options options, SplitRequest request);
  static std::unique_ptr<JobTask> load(const Tools& tools, std::string_view saved);

 protected:
  void prepare(const Snapshot& snapshot) override;
  void edit(dicom::EditedFile& file, const Chain& source) override;
  void added(const Resource& source, const Chain& from, const Chain& to, Batch& batch) override;
  void write_content(dicom::JsonWriter& json, bool is_done) const override;
  Json::Value save_request() const override;

 private:
  SplitRequest request_;
  std::vector<std::pair<dicom::Tag, std::string>> replaced_;
  std::vector<dicom::Tag> removed_;
  bool keep_labels_;
  Identifiers identifiers_;
  const std::string target_uid_;
  std::string target_;  // id of the new study, once known
};

// Moves studies, series and instances into a study. Owned by the job engine.
class MergeTask : public BatchTask {
 public:
  static constexpr const char* kType = "MergeStudy";

  struct MergeRequest {
    std::string study;
    std::vector<std::string> resources;
    bool keep_labels = false;
    std::string seed;
  };

  MergeTask(const Tools& tools, Options options, MergeRequest request);
  static std::unique_ptr<JobTask> load(const Tools& tools, std::string_view saved);

 protected:
  void prepare(const Snapshot& snapshot) override;
  void edit(dicom::EditedFile& file, const Chain& source) override;
  void added(const Resource& source, const Chain& from, const Chain& to, Batch& batch) override;
  void write_content(dicom::JsonWriter& json, bool is_done) const override;
  Json::Value save_request() const override;

 private:
  MergeRequest request_;
  Identifiers identifiers_;
  std::vector<std::pair<dicom::Tag, std::string>> target_tags_;  // of the patient and study modules, in UTF-8
};

}  // namespace hilum::modification
