#include <hilum/cpp/error.h>

#include <csetjmp>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include "encode.h"

// It needs what <cstdio> declares.
#include <jpeglib.h>

namespace hilum::images {

namespace {

// libjpeg leaves its functions by longjmp out of error_exit. Nothing with a destructor may live in the functions
// between setjmp and the callbacks, and no exception may cross them: both kinds of failure are kept here.
struct JpegState {
  jpeg_error_mgr errors;
  jpeg_destination_mgr destination;
  std::jmp_buf jump;
  const Output* output;
  JOCTET buffer[64 << 10];
  std::exception_ptr failure;
  char message[JMSG_LENGTH_MAX];
};

JpegState& state_of(jpeg_common_struct* jpeg) { return *static_cast<JpegState*>(jpeg->client_data); }
JpegState& state_of(jpeg_compress_struct* jpeg) { return *static_cast<JpegState*>(jpeg->client_data); }

[[noreturn]] void fail(jpeg_common_struct* jpeg) {
  JpegState& state = state_of(jpeg);
  jpeg->err->format_message(jpeg, state.message);
  std::longjmp(state.jump, 1);
}

void say_nothing(jpeg_common_struct*) {}

void begin_output(jpeg_compress_struct* jpeg) {
  JpegState& state = state_of(jpeg);
  state.destination.next_output_byte = state.buffer;
  state.destination.free_in_buffer = sizeof state.buffer;
}

void put_out(JpegState& state, size_t size) {
  try {
    (*state.output)({reinterpret_cast<const char*>(state.buffer), size});
  } catch (...) {
    state.failure = std::current_exception();
  }
  if (state.failure) std::longjmp(state.jump, 1);
}

boolean empty_output(jpeg_compress_struct* jpeg) {
  put_out(state_of(jpeg), sizeof state_of(jpeg).buffer);
  begin_output(jpeg);
  return TRUE;
}

void end_output(jpeg_compress_struct* jpeg) {
  JpegState& state = state_of(jpeg);
  put_out(state, sizeof state.buffer - state.destination.free_in_buffer);
}

const char* row_of(dicom::RowScaler& rows, uint32_t y, JpegState& state) {
  try {
    return rows.row(y);
  } catch (...) {
    state.failure = std::current_exception();
    return nullptr;
  }
}

// False if libjpeg has failed; `state` knows why.
bool write_all(jpeg_compress_struct& jpeg, dicom::RowScaler& rows, dicom::PixelKind kind, int quality,
               JpegState& state) {
  if (setjmp(state.jump) != 0) return false;
  jpeg_create_compress(&jpeg);
  jpeg.client_data = &state;
  jpeg.dest = &state.destination;
  jpeg.image_width = rows.size().width;
  jpeg.image_height = rows.size().height;
  jpeg.input_components = static_cast<int>(dicom::channels(kind));
  jpeg.in_color_space = dicom::is_colour(kind) ? JCS_RGB : JCS_GRAYSCALE;
  jpeg_set_defaults(&jpeg);
  jpeg_set_quality(&jpeg, quality, TRUE);
  jpeg_start_compress(&jpeg, TRUE);
  while (jpeg.next_scanline < jpeg.image_height) {
    const char* row = row_of(rows, jpeg.next_scanline, state);
    if (row == nullptr) return false;
    // libjpeg only reads it, though its type does not say so.
    JSAMPROW line = reinterpret_cast<JSAMPROW>(const_cast<char*>(row));
    jpeg_write_scanlines(&jpeg, &line, 1);
  }
  jpeg_finish_compress(&jpeg);
  return true;
}

}  // namespace

void write_jpeg(dicom::RowScaler& rows, dicom::PixelKind kind, int quality, const Output& output) {
  if (dicom::bytes_per_sample(kind) != 1) throw Error(HILUM_E_NOT_IMPLEMENTED, "JPEG has 8 bits");
  auto state = std::make_unique<JpegState>();
  state->output = &output;
  jpeg_compress_struct jpeg{};
  jpeg.err = jpeg_std_error(&state->errors);
  jpeg.client_data = state.get();
  state->errors.error_exit = fail;
  state->errors.output_message = say_nothing;
  state->destination.init_destination = begin_output;
  state->destination.empty_output_buffer = empty_output;
  state->destination.term_destination = end_output;
  const bool done = write_all(jpeg, rows, kind, quality, *state);
  jpeg_destroy_compress(&jpeg);
  if (state->failure) std::rethrow_exception(state->failure);
  if (!done) throw Error(HILUM_E_NOT_IMPLEMENTED, std::string("no JPEG can be made: ") + state->message);
}

}  // namespace hilum::images
