#include <hilum/rest/json_answer.h>

#include "images.h"
#include "slice_order.h"

namespace hilum::images {

void get_ordered_slices(ImageCall& call) {
  Snapshot snapshot = call.context.services.index.snapshot();
  const SliceOrder order = slice_order(snapshot, rest::require(snapshot, call.id(), HILUM_SERIES));
  uint64_t frames = 0;
  for (const Slice& slice : order.slices) {
    check_listed_frames(slice.frames);
    frames += slice.frames;
    check_listed_frames(frames);
  }
  rest::JsonAnswer answer(call.answer);
  dicom::JsonWriter& json = answer.writer();
  json.begin_object();
  json.key("Dicom");
  json.begin_array();
  for (const Slice& slice : order.slices) {
    json.string("/instances/" + slice.instance + "/file");
    answer.flush();
  }
  json.end_array();
  json.key("Slices");
  json.begin_array();
  for (const Slice& slice : order.slices) {
    for (uint64_t frame = 0; frame < slice.frames; ++frame) {
      json.string("/instances/" + slice.instance + "/frames/" + std::to_string(frame));
      answer.flush();
    }
  }
  json.end_array();
  json.key("SlicesShort");
  json.begin_array();
  for (const Slice& slice : order.slices) {
    json.begin_array();
    json.string(slice.instance);
    json.unsigned_integer(0);
    json.unsigned_integer(slice.frames);
    json.end_array();
    answer.flush();
  }
  json.end_array();
  json.key("Type");
  json.string(order.is_volume ? "Volume" : "Sequence");
  json.end_object();
  answer.finish();
}

}  // namespace hilum::images
