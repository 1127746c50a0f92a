// The entry of the plugin and the table of its routes.
#include <hilum/cpp/plugin.h>
#include <hilum/rest/level_routes.h>

#include "images.h"

namespace hilum::images {

namespace {

using rest::Arguments;
using rest::operator+;

const Arguments kNone;
const Arguments kPicture = {
    {HILUM_IN_QUERY, "quality", "integer", "Quality of JPEG, 1 to 100 (90)"},
    {HILUM_IN_QUERY, "returnUnsupportedImage", "boolean",
     "Redirects to a placeholder instead of status 415; its presence counts"},
    {HILUM_IN_HEADER, "Accept", "string", "image/png, image/jpeg or image/x-portable-arbitrarymap"}};
const Arguments kRendered = {
    {HILUM_IN_QUERY, "window-center", "number", "Value in the middle, in place of the file's"},
    {HILUM_IN_QUERY, "window-width", "number", "How many values to tell apart, in place of the file's"},
    {HILUM_IN_QUERY, "width", "integer", "Width of the box to fit in; the aspect is kept"},
    {HILUM_IN_QUERY, "height", "integer", "Height of the box to fit in; the aspect is kept"},
    {HILUM_IN_QUERY, "smooth", "boolean", "Blurs before it shrinks: 1, 0, true or false"}};
const Arguments kNumpy = {
    {HILUM_IN_QUERY, "compress", "boolean", "An .npz archive in place of an .npy file"},
    {HILUM_IN_QUERY, "rescale", "boolean", "Gray as 32-bit floats with slope and intercept applied (true)"}};

struct Row {
  const char* path;
  Handler handler;
  hilum_answer_kind answer;
  const char* summary;
  Arguments arguments;
  const char* since = "seed";
  uint32_t flags = 0;
};

// clang-format off
const Row kRows[] = {
  // pictures.cpp; without {frame}, the first is meant
  {"/instances/{id}/preview", get_preview, HILUM_ANSWER_IMAGE, "The first frame, all its values spread over 8 bits", kPicture},
  {"/instances/{id}/frames/{frame}/preview", get_preview, HILUM_ANSWER_IMAGE, "A frame, all its values spread over 8 bits", kPicture},
  {"/instances/{id}/rendered", get_rendered, HILUM_ANSWER_IMAGE, "The first frame through its window, at any size", kPicture + kRendered},
  {"/instances/{id}/frames/{frame}/rendered", get_rendered, HILUM_ANSWER_IMAGE, "A frame through its window, at any size", kPicture + kRendered},
  {"/instances/{id}/image-uint8", get_uint8, HILUM_ANSWER_IMAGE, "The first frame, values cut to 8 bits", kPicture},
  {"/instances/{id}/frames/{frame}/image-uint8", get_uint8, HILUM_ANSWER_IMAGE, "A frame, values cut to 8 bits", kPicture},
  {"/instances/{id}/image-uint16", get_uint16, HILUM_ANSWER_IMAGE, "The first frame, values cut to 16 bits", kPicture},
  {"/instances/{id}/frames/{frame}/image-uint16", get_uint16, HILUM_ANSWER_IMAGE, "A frame, values cut to 16 bits", kPicture},
  {"/instances/{id}/image-int16", get_int16, HILUM_ANSWER_IMAGE, "The first frame, values cut to 16 bits with sign", kPicture},
  {"/instances/{id}/frames/{frame}/image-int16", get_int16, HILUM_ANSWER_IMAGE, "A frame, values cut to 16 bits with sign", kPicture},

  // frames.cpp
  {"/instances/{id}/frames", list_frames, HILUM_ANSWER_JSON, "Numbers of the frames", kNone},
  {"/instances/{id}/frames/{frame}", list_operations, HILUM_ANSWER_JSON, "What can be asked of a frame", kNone, "seed", HILUM_ROUTE_SHORT},
  {"/instances/{id}/frames/{frame}/raw", get_raw, HILUM_ANSWER_BINARY, "A frame as it is stored", kNone},
  {"/instances/{id}/frames/{frame}/raw.gz", get_raw_gz, HILUM_ANSWER_BINARY, "A frame as it is stored, as a gzip file", kNone},

  // matlab.cpp, numpy.cpp
  {"/instances/{id}/matlab", get_matlab, HILUM_ANSWER_TEXT, "The first frame as an expression of Octave and Matlab", kNone},
  {"/instances/{id}/frames/{frame}/matlab", get_matlab, HILUM_ANSWER_TEXT, "A frame as an expression of Octave and Matlab", kNone},
  {"/instances/{id}/frames/{frame}/numpy", get_frame_numpy, HILUM_ANSWER_BINARY, "A frame as an array of NumPy: height, width, channels", kNumpy, "1.12"},
  {"/instances/{id}/numpy", get_instance_numpy, HILUM_ANSWER_BINARY, "All frames as an array of NumPy: frames, height, width, channels", kNumpy, "1.12"},
  {"/series/{id}/numpy", get_series_numpy, HILUM_ANSWER_BINARY, "All frames of a series, in the order of its slices, as an array of NumPy", kNumpy, "1.12"},

  // pdf.cpp, slices.cpp
  {"/instances/{id}/pdf", get_pdf, HILUM_ANSWER_BINARY, "The document of an Encapsulated PDF", kNone},
  {"/series/{id}/ordered-slices", get_ordered_slices, HILUM_ANSWER_JSON, "The frames of a series in their order in space, or by their numbers", kNone},
};
// clang-format on

}  // namespace

Context::Context(Host host)
    : services(host),
      decoders(host),
      png_level(static_cast<int>(services.config.integer("PngCompressionLevel"))) {}

// The plugin. Made when the server starts, destroyed when it stops.
class Images {
 public:
  static constexpr const char* kRequired[] = {HILUM_HTTP_V1,   HILUM_INDEX_V1,       HILUM_ATTACHMENTS_V1,
                                              HILUM_CONFIG_V1, HILUM_DECODERS_DRAFT, nullptr};

  explicit Images(Host host) : context_(host), routes_(host) {
    for (const Row& row : kRows) {
      routes_.add({HILUM_GET, row.path, row.summary, row.answer, HILUM_PERMISSION_VIEW, row.arguments,
                   row.since, row.flags},
                  [this, handler = row.handler](Request& request, Answer& answer) {
                    ImageCall call{context_, request, answer};
                    handler(call);
                  });
    }
  }

 private:
  Context context_;
  Routes routes_;
};

}  // namespace hilum::images

HILUM_PLUGIN(hilum::images::Images, "images", HILUM_VERSION,
             "Pictures and arrays of frames: preview, rendered, numpy, matlab, raw; PDF; ordered slices")
