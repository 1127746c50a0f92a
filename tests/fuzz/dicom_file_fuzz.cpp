// A DICOM file on its way in, as the ingest and the REST API read it.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/content.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/text.h>

#include "core/ingest/prepare.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

namespace {

void describe(const dicom::ParsedInstance& parsed) {
  static const ingest::Options options;
  fuzz::accepted([&] { dicom::identifiers_of(parsed.data_set()); });
  fuzz::accepted([&] { ingest::describe_instance(parsed, ingest::Origin{}, options, 1); });
}

// The way in reads a few elements only: they must be those of a complete reading.
void compare_ways(const dicom::ByteSource& source) {
  static const ingest::Options options;
  static const std::vector<dicom::Tag> tags = ingest::identity_tags(options);
  fuzz::accepted([&] {
    const auto all = ingest::describe_instance(dicom::parse_file(source), ingest::Origin{}, options, 1);
    dicom::ParseOptions parse;
    parse.only = &tags;
    bool is_same = false;
    fuzz::accepted([&] {
      const auto some =
          ingest::describe_instance(dicom::parse_file(source, parse), ingest::Origin{}, options, 1);
      is_same = all.ids == some.ids && all.tags == some.tags;
    });
    fuzz::require(is_same, "the short way finds what the long one does");
  });
}

void write_out(const dicom::ParsedInstance& parsed) {
  for (const auto format :
       {dicom::JsonFormat::Full, dicom::JsonFormat::Short, dicom::JsonFormat::Simplified}) {
    dicom::JsonOptions options;
    options.format = format;
    options.after_pixel_data = parsed.whole;
    const std::string json = dicom::tags_json(parsed, options);
    fuzz::require(dicom::is_ascii(json), "JSON is ASCII");
  }
  dicom::header_json(parsed);
  fuzz::require(dicom::is_valid_utf8(dicom::dicom_json(parsed)), "the DICOM JSON model is UTF-8");
  fuzz::require(dicom::is_valid_utf8(dicom::dicom_xml(parsed)), "the native model is UTF-8");
}

void browse(const dicom::ByteSource& source, std::vector<std::string>& path, int& left) {
  if (--left < 0) return;
  const auto content = dicom::find_content(source, path);
  if (!content) return;
  if (content->kind == dicom::Content::Kind::Range) {
    fuzz::require(content->offset <= source.size() && content->length <= source.size() - content->offset,
                  "content lies within the file");
  }
  for (const std::string& name : content->names) {
    path.push_back(name);
    browse(source, path, left);
    path.pop_back();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const dicom::ByteSource source(data, size);
  const bool scanned = fuzz::accepted([&] { dicom::scan_file(source); });
  const bool parsed = fuzz::accepted([&] {
    const dicom::ParsedInstance instance = dicom::parse_file(data, size);
    describe(instance);
    write_out(instance);
  });
  compare_ways(source);
  fuzz::require(scanned || !parsed, "nothing reaches the parser that the guard has refused");
  fuzz::accepted([&] { write_out(dicom::parse_file(data, size, dicom::ParseOptions{true})); });
  fuzz::accepted([&] {
    std::vector<std::string> path;
    int left = 60;
    browse(source, path, left);
  });
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}) {
    fuzz::accepted([&] { describe(dicom::parse_data_set(source, syntax)); });
  }
  return 0;
}
