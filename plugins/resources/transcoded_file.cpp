#include "transcoded_file.h"

#include <hilum/dicom/frame_codecs.h>
#include <hilum/dicom/transcode.h>
#include <hilum/rest/arguments.h>

#include <algorithm>

#include "file.h"

namespace hilum::resources {

namespace {

constexpr size_t kPiece = 256 * 1024;

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
  if (out.fd() < 0) return call.answer.bytes("application/dicom", out.take_memory());
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
  const HostFrameCodecs codecs(call.services.host);
  const dicom::ReadAt read = [&](uint64_t offset, void* to, size_t count) {
    return blob.read(offset, to, count);
  };
  dicom::SpooledOutput out(call.services.temporary_directory);
  dicom::Transcoder(codecs).transcode(dicom::ByteSource(read, blob.info().content_size), *wanted, options,
                                      out);
  call.answer.header("Content-Disposition", file_disposition(call, blob));
  answer_with(call, out);
  return true;
}

}  // namespace hilum::resources
