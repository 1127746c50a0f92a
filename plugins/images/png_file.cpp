#include <hilum/cpp/error.h>
#include <png.h>

#include <csetjmp>
#include <exception>
#include <string>

#include "encode.h"

namespace hilum::images {

namespace {

// libpng leaves its functions by longjmp. Nothing with a destructor may live in the functions between its setjmp and
// its callbacks, and no exception may cross them: both kinds of failure are kept here.
struct PngState {
  const Output* output;
  std::exception_ptr failure;
  std::string message;
};

void write_bytes(png_structp png, png_bytep data, png_size_t size) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  try {
    (*state->output)({reinterpret_cast<const char*>(data), size});
  } catch (...) {
    state->failure = std::current_exception();
  }
  if (state->failure) png_error(png, "the output has failed");
}

void flush_bytes(png_structp) {}

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  if (!state->failure) {
    try {
      state->message = message;
    } catch (...) {
      state->failure = std::current_exception();
    }
  }
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

const char* row_of(dicom::RowScaler& rows, uint32_t y, PngState& state) {
  try {
    return rows.row(y);
  } catch (...) {
    state.failure = std::current_exception();
    return nullptr;
  }
}

// False if libpng has failed; `state` knows why.
bool write_all(png_structp png, png_infop info, dicom::RowScaler& rows, dicom::PixelKind kind, int level,
               PngState& state) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  const dicom::ImageSize size = rows.size();
  const bool wide = dicom::bytes_per_sample(kind) == 2;
  png_set_write_fn(png, &state, write_bytes, flush_bytes);
  if (level != kPngDefaultLevel) png_set_compression_level(png, level);
  png_set_IHDR(png, info, size.width, size.height, wide ? 16 : 8,
               dicom::is_colour(kind) ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  if (wide) png_set_swap(png);
  for (uint32_t y = 0; y < size.height; ++y) {
    const char* row = row_of(rows, y, state);
    if (row == nullptr) return false;
    png_write_row(png, reinterpret_cast<png_const_bytep>(row));
  }
  png_write_end(png, info);
  return true;
}

}  // namespace

void write_png(dicom::RowScaler& rows, dicom::PixelKind kind, int level, const Output& output) {
  if (level == kPngFastLevel) return write_fast_png(rows, kind, output);
  PngState state{&output, {}, {}};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &state, fail, ignore_warning);
  png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;
  const bool done = info != nullptr && write_all(png, info, rows, kind, level, state);
  png_destroy_write_struct(&png, &info);
  if (state.failure) std::rethrow_exception(state.failure);
  if (!done) throw Error(HILUM_E_NOT_IMPLEMENTED, "no PNG can be made: " + state.message);
}

}  // namespace hilum::images
