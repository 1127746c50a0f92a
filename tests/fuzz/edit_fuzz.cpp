// Changing a file: a line of path, a line of JSON, then the file itself. What comes out is read again.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/edited_file.h>
#include <hilum/dicom/tag_path.h>

#include <memory>

#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

namespace {

Json::Value json_of(std::string_view text) {
  Json::CharReaderBuilder builder;
  builder["stackLimit"] = 100;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  Json::Value value;
  std::string errors;
  return reader->parse(text.data(), text.data() + text.size(), &value, &errors)
             ? value
             : Json::Value(std::string(text));
}

std::string whole(const dicom::EditedFile::Result& result, std::string_view source) {
  fuzz::require(result.offset + result.size <= source.size(), "what is copied lies in the source");
  return result.head + std::string(source.substr(result.offset, result.size)) + result.tail;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text_of(data, size);
  const std::string_view path_text = fuzz::take_until(rest, '\n');
  const std::string_view value_text = fuzz::take_until(rest, '\n');
  dicom::TagPath path;
  const bool is_path = fuzz::accepted([&] { path = dicom::parse_tag_path(path_text); });
  const Json::Value value = json_of(value_text);
  if (is_path) {
    fuzz::accepted([&] { dicom::check_json_value(path.tag, value); });
  }
  fuzz::accepted([&] {
    const dicom::ByteSource source(rest.data(), rest.size());
    dicom::EditedFile file(source);
    if (is_path) {
      dicom::for_each_item(file.data_set(), path, [&](DcmItem& item) {
        const dicom::Charset charset(dicom::Encoding::Utf8);
        fuzz::accepted([&] { dicom::set_json_value(item, path.tag, value, charset); });
        if (value_text.empty()) {
          dicom::remove_element(item, path.tag);
        }
      });
    }
    fuzz::accepted([&] { dicom::change_charset(file.data_set(), dicom::Encoding::Latin1, "ISO_IR 192"); });
    const std::string made = whole(file.finish(), rest);
    // A file that has been written by us is one that we read.
    fuzz::require(
        fuzz::accepted([&] { dicom::EditedFile again(dicom::ByteSource(made.data(), made.size())); }),
        "an edited file can be read");
  });
  return 0;
}
