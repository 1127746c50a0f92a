#include "transcoded_file.h"

#include <hilum/dicom/frame_codecs.h>
#include <hilum/dicom/transcode.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "file.h"

namespace hilum::resources {

namespace {

constexpr size_t kPiece = 256 * 1024;
constexpr size_t kLargestAtOnce = 512 * 1024;      // it stays in memory until the client has read it
constexpr uint64_t kInMemory = uint64_t{4} << 20;  // longer files wait for the client on the disk
constexpr std::chrono::seconds kLongestWait{10};
constexpr unsigned kMostWaiting = 24;  // about half of the threads that serve requests by default

// How many files are transcoded at the same time: each holds decoded frames. Thread-safe.
class TranscodeSlots {
 public:
  static TranscodeSlots& of_process() {
    static TranscodeSlots slots;
    return slots;
  }

  // Throws Error(HILUM_E_BUSY) if none gets free in time, or if others wait already.
  void take() {
    std::unique_lock lock(mutex_);
    if (free_ == 0 && waiting_ == kMostWaiting) throw busy();
    ++waiting_;
    const bool is_free = freed_.wait_for(lock, kLongestWait, [&] { return free_ > 0; });
    --waiting_;
    if (!is_free) throw busy();
    --free_;
  }
  void give_back() {
    {
      const std::lock_guard lock(mutex_);
      ++free_;
    }
    freed_.notify_one();
  }

 private:
  static Error busy() { return Error(HILUM_E_BUSY, "too many files are being transcoded"); }

  std::mutex mutex_;
  std::condition_variable freed_;
  unsigned free_ = std::max(2u, std::thread::hardware_concurrency());
  unsigned waiting_ = 0;
};

// Holds a slot until the end of its life.
class SlotHolder {
 public:
  SlotHolder() { TranscodeSlots::of_process().take(); }
  SlotHolder(const SlotHolder&) = delete;
  SlotHolder& operator=(const SlotHolder&) = delete;
  ~SlotHolder() { TranscodeSlots::of_process().give_back(); }
};

std::string transfer_syntax_of(const Resource& instance) {
  std::string syntax;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key == HILUM_METADATA_TRANSFER_SYNTAX) syntax = value;
  });
  return syntax;
}

dicom::TranscodeOptions transcode_options(const Call& call) {
  dicom::TranscodeOptions options;
  const std::optional<std::string_view> text = call.request.query("lossy-quality");
  const std::optional<int64_t> quality =
      text ? parse_integer(*text) : call.services.config.integer("DicomLossyTranscodingQuality");
  if (!quality || *quality < 1 || *quality > 100) {
    throw Error(HILUM_E_OUT_OF_RANGE, "the argument \"lossy-quality\" must be an integer from 1 to 100");
  }
  options.lossy_quality = static_cast<int>(*quality);
  return options;
}

void answer_with(Call& call, dicom::SpooledOutput& out) {
  if (out.fd() < 0 && out.size() <= kLargestAtOnce)
    return call.answer.bytes("application/dicom", out.take_memory());
  call.answer.begin("application/dicom", out.size());
  const dicom::ByteSource source = out.source();
  for (uint64_t position = 0; position < out.size(); position += kPiece) {
    call.answer.write(source.copy(position, kPiece));
  }
  call.answer.end();
}

}  // namespace

bool answer_transcoded(Call& call, const Resource& instance, const Blob& blob) {
  const std::optional<std::string_view> wanted = call.request.query("transcode");
  if (!wanted) return false;
  const dicom::TranscodeOptions options = transcode_options(call);
  if (*wanted == transfer_syntax_of(instance)) return false;
  if (!dicom::is_registered_transfer_syntax(*wanted)) {
    throw Error(HILUM_E_OUT_OF_RANGE, "Unknown transfer syntax: " + std::string(wanted->substr(0, 64)));
  }
  dicom::SpooledOutput out(call.services.temporary_directory, kInMemory);
  {
    const SlotHolder slot;  // given back before the answer waits for its client
    const HostFrameCodecs codecs(call.services.host);
    rest::StoredFile file(call.services, instance);
    dicom::Transcoder(codecs).transcode(file.structure(), *wanted, options, out);
  }
  call.answer.header("Content-Disposition", file_disposition(call, blob));
  answer_with(call, out);
  return true;
}

}  // namespace hilum::resources
