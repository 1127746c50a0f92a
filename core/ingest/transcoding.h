// IngestTranscoding: instances in another transfer syntax than they came in.
#pragma once

#include <hilum/dicom/parse.h>
#include <hilum/dicom/transcode.h>

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "core/base/slots.h"
#include "core/ingest/ingest.h"

namespace hilum::ingest {

// Owned by the Ingest; thread-safe. Runs on the threads that bring instances, at most `concurrent` at once.
class IngestTranscoder {
 public:
  // `spool_directory`: where long results wait, in files that can become blobs.
  IngestTranscoder(TranscodingOptions options, std::string spool_directory);

  // Who decodes and encodes from now on; null: nobody, then nothing is transcoded. Returns when nobody works with the old ones any
  // more, if nobody else holds them.
  void set_codecs(std::shared_ptr<const dicom::FrameCodecs> codecs);

  // The file in the wanted transfer syntax; nothing if it is to be stored as it came: it has that syntax, the options leave it alone, or
  // it cannot be transcoded, which is logged. Throws HILUM_E_CANNOT_WRITE.
  std::optional<Bytes> transcode(const dicom::ByteSource& file, const dicom::ParsedInstance& parsed);

 private:
  bool is_wanted(const dicom::ParsedInstance& parsed) const;
  std::optional<Bytes> run(const dicom::FrameCodecs& codecs, const dicom::ByteSource& file,
                           const dicom::ParsedInstance& parsed);
  void log_refusal(const std::string& from, const std::string& why);

  const TranscodingOptions options_;
  const std::string spool_directory_;
  Slots slots_;
  std::mutex mutex_;  // guards what follows
  std::shared_ptr<const dicom::FrameCodecs> codecs_;
  std::set<std::string> refused_;  // transfer syntaxes whose refusal has been a warning
};

}  // namespace hilum::ingest
