// The job ResourceModification: modify and anonymize, of one resource or of many.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "batch_task.h"
#include "modifier.h"
#include "rules.h"

namespace hilum::modification {

// What a request asks for, in the form in which it is saved and read again.
struct ModifyRequest {
  Kind kind = Kind::Modify;
  bool is_bulk = false;              // answers list all results
  std::optional<hilum_level> level;  // of the route or of the body
  std::vector<std::string> resources;
  Json::Value body;  // the members that rules.h and transcoding.h read, and KeepLabels
  std::string seed;
  std::string patient_name;  // of an anonymized patient, if one is needed
};

// Owned by the job engine.
class ModifyTask : public BatchTask {
 public:
  static constexpr const char* kType = "ResourceModification";

  // Parses the body; throws the errors of the 4xx.
  ModifyTask(const Tools& tools, Options options, ModifyRequest request);
  static std::unique_ptr<JobTask> load(const Tools& tools, std::string_view saved);

  const Rules& rules() const { return rules_; }

 protected:
  void prepare(const Snapshot& snapshot) override;
  void edit(dicom::EditedFile& file, const Chain& source) override;
  const Transcoding* transcoding() const override {
    return transcoding_.syntax.empty() ? nullptr : &transcoding_;
  }
  void added(const Resource& source, const Chain& from, const Chain& to, Batch& batch) override;
  void write_content(dicom::JsonWriter& json, bool is_done) const override;
  void committed() override;
  Json::Value save_request() const override;
  void begin_again() override;

 private:
  void check_in_place() const;
  void check_patient(const Resource& study, const Snapshot& snapshot) const;
  void write_results(dicom::JsonWriter& json) const;
  void copy_labels(const Resource& source, const Chain& to, Batch& batch) const;

  ModifyRequest request_;
  const Rules rules_;
  const Transcoding transcoding_;
  const bool keep_labels_;
  std::optional<Modifier> modifier_;
  std::vector<std::pair<std::string, hilum_level>> sources_;
  std::optional<Chain> first_;        // the first result
  std::set<std::string> results_[4];  // ids by level
  std::set<std::string> described_;   // results above instances whose metadata is in the batch
};

}  // namespace hilum::modification
