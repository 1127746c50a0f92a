#include "core/ingest/transcoding.h"

#include <fcntl.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/frames.h>
#include <hilum/dicom/identity.h>
#include <hilum/dicom/transfer_syntax.h>
#include <hilum/dicom/uid.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <new>
#include <stdexcept>
#include <thread>

#include "core/base/log.h"

namespace hilum::ingest {
namespace {

// As the parts of an upload: longer files lie on the disk.
constexpr uint64_t kInMemory = uint64_t{1} << 20;
constexpr size_t kMostRefusedSyntaxes = 64;  // clients may invent them

bool is_uncompressed(std::string_view uid) {
  return uid == dicom::kImplicitLittleEndian || uid == dicom::kExplicitLittleEndian ||
         uid == dicom::kExplicitBigEndian;
}

bool is_encapsulated(std::string_view uid) {
  const auto facts = dicom::find_transfer_syntax(uid);
  return facts && facts->encapsulated;
}

std::string sop_instance_uid(const dicom::ParsedInstance& parsed, dicom::Encoding encoding) {
  return dicom::identifiers_of(parsed.data_set(), encoding).instance_uid;
}

// The file on the disk keeps no name; the copy of its descriptor is the caller's.
Bytes take_bytes(dicom::SpooledOutput& out) {
  Bytes bytes;
  if (out.fd() < 0) {
    bytes.memory = out.take_memory();
    return bytes;
  }
  bytes.size = out.size();
  bytes.fd = ::fcntl(out.fd(), F_DUPFD_CLOEXEC, 0);
  if (bytes.fd < 0) {
    throw Error(HILUM_E_CANNOT_WRITE,
                std::string("a transcoded file cannot be kept: ") + std::strerror(errno));
  }
  return bytes;
}

}  // namespace

IngestTranscoder::IngestTranscoder(TranscodingOptions options, std::string spool_directory)
    : options_(std::move(options)),
      spool_directory_(std::move(spool_directory)),
      slots_(options_.concurrent) {}

void IngestTranscoder::set_codecs(std::shared_ptr<const dicom::FrameCodecs> codecs) {
  {
    const std::lock_guard lock(mutex_);
    codecs_.swap(codecs);
  }
  while (codecs.use_count() > 1) {  // some thread still works with the old ones; this happens once per stop
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool IngestTranscoder::is_wanted(const dicom::ParsedInstance& parsed) const {
  const std::string& from = parsed.transfer_syntax;
  if (options_.transfer_syntax.empty() || from == options_.transfer_syntax) return false;
  if (!(is_uncompressed(from) ? options_.of_uncompressed : options_.of_compressed)) return false;
  if (dicom::is_video(from)) return false;
  // Nothing to compress: such a file would only be labelled.
  return parsed.has_pixel_data || !is_encapsulated(options_.transfer_syntax);
}

std::optional<Bytes> IngestTranscoder::transcode(const dicom::ByteSource& file,
                                                 const dicom::ParsedInstance& parsed) {
  if (!is_wanted(parsed)) return std::nullopt;
  std::shared_ptr<const dicom::FrameCodecs> codecs;
  {
    const std::lock_guard lock(mutex_);
    codecs = codecs_;
  }
  if (!codecs) return std::nullopt;
  try {
    return run(*codecs, file, parsed);
  } catch (const Error& error) {
    if (error.code() == HILUM_E_SYSTEM) throw Error(HILUM_E_CANNOT_WRITE, error.details());
    if (error.code() == HILUM_E_CANNOT_WRITE) throw;
    log_refusal(parsed.transfer_syntax, error.what());
  } catch (const std::bad_alloc&) {
    log_refusal(parsed.transfer_syntax, "it takes too much memory");
  } catch (const std::length_error&) {
    log_refusal(parsed.transfer_syntax, "it takes too much memory");
  }
  return std::nullopt;
}

std::optional<Bytes> IngestTranscoder::run(const dicom::FrameCodecs& codecs, const dicom::ByteSource& file,
                                           const dicom::ParsedInstance& parsed) {
  const dicom::Transcoder transcoder(codecs);
  const std::string& to = options_.transfer_syntax;
  if (!transcoder.is_possible(parsed.transfer_syntax, to)) {
    log_refusal(parsed.transfer_syntax, "nobody decodes the one or encodes the other");
    return std::nullopt;
  }
  dicom::TranscodeOptions how;
  how.lossy_quality = options_.lossy_quality;
  // Who sends an image again, for want of an answer, must not make another image.
  how.new_sop_instance_uid = dicom::name_based_uid(sop_instance_uid(parsed, options_.default_encoding) + "|" +
                                                   to + "|" + std::to_string(options_.lossy_quality));
  dicom::SpooledOutput out(spool_directory_, kInMemory);
  const Slots::Holder slot(slots_);
  (void)transcoder.transcode(file, to, how, out);
  return take_bytes(out);
}

// The first of each transfer syntax is a warning, so that a busy archive does not fill its log.
void IngestTranscoder::log_refusal(const std::string& from, const std::string& why) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    is_first = refused_.size() < kMostRefusedSyntaxes && refused_.insert(from).second;
  }
  if (is_first) {
    log_warning(LogCategory::kGeneric,
                "IngestTranscoding: an instance is stored as it came, from transfer syntax {} to {}: {}",
                from, options_.transfer_syntax, why);
  } else {
    log_info(LogCategory::kGeneric,
             "IngestTranscoding: an instance is stored as it came, from transfer syntax {} to {}: {}", from,
             options_.transfer_syntax, why);
  }
}

}  // namespace hilum::ingest
