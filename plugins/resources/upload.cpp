#include "upload.h"

#include <hilum/cpp/ingest.h>
#include <hilum/rest/json_answer.h>

namespace hilum::resources {

namespace {

const char* result_name(uint32_t result) {
  switch (result) {
    case HILUM_STORED:
      return "Success";
    case HILUM_ALREADY_STORED:
      return "AlreadyStored";
    case HILUM_FILTERED_OUT:
      return "FilteredOut";
    default:
      return "Failure";
  }
}

template <size_t Size>
std::string_view id_text(const char (&id)[Size]) {
  return {id, Size};
}

void write_stored(dicom::JsonWriter& json, const hilum_stored& stored) {
  json.begin_object();
  json.member("ID", id_text(stored.instance));
  json.member("ParentPatient", id_text(stored.patient));
  json.member("ParentSeries", id_text(stored.series));
  json.member("ParentStudy", id_text(stored.study));
  json.member("Path", "/instances/" + std::string(id_text(stored.instance)));
  json.member("Status", result_name(stored.result));
  json.end_object();
}

}  // namespace

// One file is answered by an object, an archive by an array. Which of both it was is known at the end only;
// by the time the array outgrows its buffer, it can only be an archive.
void post_instances(Call& call) {
  std::string single;
  JsonAnswer archive(call.answer);
  archive.writer().begin_array();
  bool is_archive = Ingest(call.services.host).store_body(call.request, [&](const hilum_stored& stored) {
    if (single.empty()) {
      dicom::JsonWriter json(single);
      write_stored(json, stored);
    }
    write_stored(archive.writer(), stored);
    archive.flush();
  });
  if (is_archive) {
    archive.writer().end_array();
    archive.finish();
  } else {
    call.answer.json(single);
  }
}

}  // namespace hilum::resources
