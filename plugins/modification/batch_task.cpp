#include "batch_task.h"

#include <hilum/rest/stored_file.h>
#include <json/writer.h>

#include <algorithm>
#include <chrono>

#include "mapped_output.h"

namespace hilum::modification {

namespace {

// A step is as long as somebody may wait for a pause.
constexpr std::chrono::milliseconds kStep{100};
// Larger results are put together in a file.
constexpr uint64_t kInMemory = 16u << 20;

std::string id_text(const char (&id)[44]) { return std::string(id, sizeof id); }

Error cannot_store(const Chain& from) {
  return Error(HILUM_E_CANNOT_STORE_INSTANCE,
               "Error while storing a modified instance " + from[HILUM_INSTANCE]);
}

Error too_short() { return Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says"); }

void copy(const dicom::ByteSource& from, const dicom::EditedFile::Result& range, dicom::FileOutput& to) {
  constexpr uint64_t kPiece = 1u << 20;
  uint64_t offset = range.offset;
  const uint64_t end = offset + range.size;
  while (offset < end) {
    const std::string piece = from.copy(offset, std::min(kPiece, end - offset));
    if (piece.empty()) throw too_short();
    to.append(piece);
    offset += piece.size();
  }
}

}  // namespace

Tools::Tools(Host given)
    : host(given),
      services(given),
      ingest(given),
      log(given),
      transcoder(given),
      records(given, FinishedJobs::kStore),
      finished(records) {}

bool Tools::overwrites() const { return services.config.text("OverwriteInstances") != "Never"; }

Chain Chain::of(const Resource& instance) {
  Chain chain;
  chain[HILUM_INSTANCE] = std::string(instance.id());
  for (const hilum_level level : {HILUM_PATIENT, HILUM_STUDY, HILUM_SERIES}) {
    chain[level] = std::string(instance.ancestor(level).id());
  }
  return chain;
}

Chain Chain::of(const hilum_stored& stored) {
  Chain chain;
  chain[HILUM_PATIENT] = id_text(stored.patient);
  chain[HILUM_STUDY] = id_text(stored.study);
  chain[HILUM_SERIES] = id_text(stored.series);
  chain[HILUM_INSTANCE] = id_text(stored.instance);
  return chain;
}

void BatchTask::add_sources(const Resource& resource) {
  if (!named_.emplace(resource.id()).second) return;  // a list may name one resource any number of times
  if (resource.level() == HILUM_INSTANCE) {
    instances_.emplace_back(resource.id());
    return;
  }
  resource.descendants(HILUM_INSTANCE, [&](std::string_view id) { instances_.emplace_back(id); });
}

// What is named twice, or by itself and by what holds it, is worked on once, where it was named first.
void BatchTask::begin(const Snapshot& snapshot) {
  instances_.clear();
  named_.clear();
  prepare(snapshot);
  named_.clear();
  std::set<std::string_view> seen;
  std::vector<std::string> once;
  for (const std::string& id : instances_) {
    if (seen.insert(id).second) once.push_back(id);
  }
  instances_ = std::move(once);
}

std::string BatchTask::initial_content(const Snapshot& snapshot) {
  begin(snapshot);
  return content(false);
}

std::string BatchTask::content(bool is_done) const {
  std::string text;
  dicom::JsonWriter json(text);
  json.begin_object();
  write_content(json, is_done);
  json.end_object();
  return text;
}

JobStep BatchTask::step(const Job& job) {
  const auto end = std::chrono::steady_clock::now() + kStep;
  if (!batch_) {
    if (const std::optional<std::string> done = tools_.finished.find(job.id())) {
      show(job, *done);
      committed();
      return JobStep::done();
    }
    forget();
    begin(tools_.services.index.snapshot());
    batch_.emplace(tools_.host);
    if (!tools_.overwrites()) batch_->require_new();
    if (transcoding() != nullptr) batch_->keep_transfer_syntax();
    job.set_content(content(false));
  }
  {
    const Snapshot snapshot = tools_.services.index.snapshot();
    while (next_ < instances_.size() && std::chrono::steady_clock::now() < end && job.stop_requested() == 0) {
      work_on(snapshot, instances_[next_]);
      ++next_;
      job.set_progress(static_cast<double>(next_) / (static_cast<double>(instances_.size()) + 1));
    }
  }
  if (next_ < instances_.size()) return JobStep::more();
  if (job.stop_requested() != 0) return JobStep::more();
  commit(job);
  return JobStep::done();
}

void BatchTask::work_on(const Snapshot& snapshot, const std::string& id) {
  try {
    const Resource source = rest::require(snapshot, id, HILUM_INSTANCE);
    const Chain from = Chain::of(source);
    rest::StoredFile stored(tools_.services, source);
    dicom::EditedFile file(stored.structure());
    edit(file, from);
    // Before it is added, for what is in a batch cannot be taken out again.
    check_result(snapshot, from, dicom::identifiers_of(file.data_set(), tools_.services.default_encoding()));
    add_result(source, from, file);
  } catch (const Error&) {
    if (!options_.permissive) throw;
    ++failed_;
  }
}

// Results must not take each other's place, nor that of what is stored, unless the server is told to overwrite.
void BatchTask::check_result(const Snapshot& snapshot, const Chain& from,
                             const dicom::Identifiers& to) const {
  const std::string id = to.instance().to_string();
  if (id == from[HILUM_INSTANCE] && !options_.keep_source) {
    throw Error(HILUM_E_BAD_REQUEST, "The instances keep their identifiers: \"KeepSource\" must be true");
  }
  if (id == from[HILUM_INSTANCE] && !tools_.overwrites()) {
    throw Error(HILUM_E_BAD_REQUEST,
                "The instances keep their identifiers: the option \"OverwriteInstances\" must be true");
  }
  if (results_.count(id) != 0 || (!tools_.overwrites() && snapshot.find(id))) throw cannot_store(from);
}

void BatchTask::add_result(const Resource& source, const Chain& from, dicom::EditedFile& file) {
  const dicom::EditedFile::Result result = file.finish();
  const uint64_t size = result.head.size() + result.size + result.tail.size();
  if (size > kInMemory) {
    dicom::SpooledOutput spooled(tools_.services.temporary_directory);
    spooled.append(result.head);
    copy(file.source(), result, spooled);
    spooled.append(result.tail);
    return add_converted(source, from, MappedOutput(spooled).bytes());
  }
  buffer_.assign(result.head);
  buffer_.resize(result.head.size() + static_cast<size_t>(result.size));
  const size_t count = file.source().read(result.offset, buffer_.data() + result.head.size(),
                                          static_cast<size_t>(result.size));
  if (count != result.size) throw too_short();
  buffer_ += result.tail;
  add_converted(source, from, buffer_);
}

// What cannot be written in the wanted transfer syntax stays in its own.
void BatchTask::add_converted(const Resource& source, const Chain& from, std::string_view file) {
  const Transcoding* wanted = transcoding();
  if (wanted != nullptr) {
    dicom::SpooledOutput converted(tools_.services.temporary_directory);
    bool is_converted = false;
    try {
      tools_.transcoder.transcode(dicom::ByteSource(file.data(), file.size()), *wanted, true, converted);
      is_converted = true;
    } catch (const Error& error) {
      tools_.log.warning("instance " + from[HILUM_INSTANCE] + " is not transcoded to " + wanted->syntax +
                         ": " + error.what());
    }
    if (is_converted) return add_bytes(source, from, MappedOutput(converted).bytes());
  }
  add_bytes(source, from, file);
}

void BatchTask::add_bytes(const Resource& source, const Chain& from, std::string_view file) {
  hilum_origin origin{};
  origin.size = sizeof origin;
  origin.kind = HILUM_ORIGIN_REST;
  origin.remote_ip = to_text(options_.asker.address);
  origin.user = to_text(options_.asker.user);
  const hilum_stored stored = batch_->add(file, &origin);
  if (stored.result == HILUM_FILTERED_OUT) throw cannot_store(from);
  const Chain to = Chain::of(stored);
  results_.insert(to[HILUM_INSTANCE]);
  if (!options_.keep_source) removed_.push_back(from[HILUM_INSTANCE]);
  if (!options_.keep_source || to[HILUM_INSTANCE] == from[HILUM_INSTANCE]) expect_unchanged(source);
  added(source, from, to, *batch_);
}

// A newer version of a source that comes before the commit must not be removed or replaced.
void BatchTask::expect_unchanged(const Resource& source) {
  source.attachments([&](const hilum_attachment& attachment) {
    if (attachment.type == HILUM_ATTACHMENT_DICOM) batch_->expect_file(source.id(), to_view(attachment.uuid));
  });
}

void BatchTask::commit(const Job& job) {
  for (const std::string& id : removed_) batch_->remove(id);
  const std::string done = content(true);
  tools_.finished.note(*batch_, job.id(), done);
  batch_->commit();
  batch_.reset();
  committed();
  show(job, done);
  job.set_progress(1);
}

// What has been done stays done, even if it cannot be shown.
void BatchTask::show(const Job& job, const std::string& content) const {
  try {
    job.set_content(content);
  } catch (const Error& error) {
    tools_.log.warning("the results of job " + std::string(job.id()) + " are not listed: " + error.what());
  }
}

void BatchTask::stop(hilum_job_stop reason) {
  // The batch waits on the disk: one that is paused goes on where it was.
  if (reason != HILUM_JOB_STOP_PAUSED) forget();
}

void BatchTask::reset() { forget(); }

void BatchTask::forget() {
  batch_.reset();
  instances_.clear();
  results_.clear();
  removed_.clear();
  buffer_ = {};
  next_ = 0;
  failed_ = 0;
  begin_again();
}

std::optional<std::string> BatchTask::save() {
  Json::Value request = save_request();
  request["KeepSource"] = options_.keep_source;
  request["Permissive"] = options_.permissive;
  request["RemoteIp"] = options_.asker.address;
  request["User"] = options_.asker.user;
  Json::StreamWriterBuilder compact;
  compact["indentation"] = "";
  constexpr size_t kLongest = 8u << 20;  // what the engine keeps
  std::string text = Json::writeString(compact, request);
  if (text.size() > kLongest) return std::nullopt;
  return text;
}

BatchTask::Options BatchTask::read_options(const Json::Value& saved) {
  Options options;
  options.keep_source = saved["KeepSource"].asBool();
  options.permissive = saved["Permissive"].asBool();
  options.asker = {saved["RemoteIp"].asString(), saved["User"].asString()};
  return options;
}

}  // namespace hilum::modification
