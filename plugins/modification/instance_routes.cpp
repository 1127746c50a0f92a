// POST /instances/{id}/modify and /anonymize: the changed file is the answer, nothing is stored.
#include <hilum/rest/json_body.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>

#include "modifier.h"
#include "routes.h"

namespace hilum::modification {

namespace {

constexpr const char* kDicom = "application/dicom";
constexpr uint64_t kPiece = 1u << 20;

void stream(Answer& answer, const dicom::ByteSource& source, uint64_t offset, uint64_t size) {
  const uint64_t end = offset + size;
  while (offset < end) {
    const std::string piece = source.copy(offset, std::min(kPiece, end - offset));
    if (piece.empty()) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
    answer.write(piece);
    offset += piece.size();
  }
}

void send(Answer& answer, const dicom::ByteSource& source, const dicom::EditedFile::Result& result) {
  answer.begin(kDicom, result.head.size() + result.size + result.tail.size());
  answer.write(result.head);
  stream(answer, source, result.offset, result.size);
  if (!result.tail.empty()) answer.write(result.tail);
  answer.end();
}

void send_transcoded(const Tools& tools, Answer& answer, const dicom::ByteSource& source,
                     const dicom::EditedFile::Result& result, const Transcoding& transcoding) {
  dicom::SpooledOutput edited(tools.services.temporary_directory);
  edited.append(result.head);
  for (uint64_t done = 0; done < result.size;) {
    const std::string piece = source.copy(result.offset + done, std::min(kPiece, result.size - done));
    if (piece.empty()) throw Error(HILUM_E_CORRUPTED, "the stored file is shorter than the index says");
    edited.append(piece);
    done += piece.size();
  }
  edited.append(result.tail);
  dicom::SpooledOutput converted(tools.services.temporary_directory);
  try {
    tools.transcoder.transcode(edited.source(), transcoding, false, converted);
  } catch (const Error& error) {
    throw Error(HILUM_E_INTERNAL,
                "Cannot transcode to transfer syntax: " + transcoding.syntax + " (" + error.what() + ")");
  }
  answer.begin(kDicom, converted.size());
  stream(answer, converted.source(), 0, converted.size());
  answer.end();
}

void change(const Tools& tools, Kind kind, const Request& request, Answer& answer) {
  const Json::Value body = object_body(request, HILUM_E_BAD_FORMAT, kLongestBody);
  const Rules rules = parse_rules(body, kind, tools.services.config.text("DefaultPrivateCreator"));
  const auto quality = static_cast<int>(tools.services.config.integer("DicomLossyTranscodingQuality"));
  const Transcoding transcoding = read_transcoding(body, quality, HILUM_E_OUT_OF_RANGE);
  const Snapshot snapshot = tools.services.index.snapshot();
  rest::StoredFile stored(tools.services, rest::require(snapshot, request.parameter("id"), HILUM_INSTANCE));
  Modifier modifier(rules, Identifiers::random_seed(), rules.needs_name() ? next_patient_name(tools) : "",
                    tools.services.default_encoding());
  dicom::EditedFile file(stored.structure());
  modifier.apply(file);
  const dicom::EditedFile::Result result = file.finish();
  if (transcoding.syntax.empty() || transcoding.syntax == file.transfer_syntax()) {
    send(answer, file.source(), result);
  } else {
    send_transcoded(tools, answer, file.source(), result, transcoding);
  }
}

}  // namespace

void add_instance_routes(Routes& routes, const Context& context) {
  const auto add = [&](Kind kind, const char* path, const char* summary,
                       std::vector<RouteArgument> arguments) {
    routes.add({HILUM_POST, path, summary, HILUM_ANSWER_DICOM, HILUM_PERMISSION_EDIT, std::move(arguments)},
               [&tools = context.tools, kind](Request& request, Answer& answer) {
                 change(tools, kind, request, answer);
               });
  };
  add(Kind::Modify, "/instances/{id}/modify", "Instance: the file with changed tags; nothing is stored",
      modify_arguments());
  add(Kind::Anonymize, "/instances/{id}/anonymize", "Instance: the anonymized file; nothing is stored",
      anonymize_arguments());
}

}  // namespace hilum::modification
