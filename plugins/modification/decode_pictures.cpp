// Picture files to pixels: PNG (libpng), JPEG (libjpeg-turbo), PAM. Sizes are looked at before anything is allocated.
#include <hilum/cpp/error.h>
#include <png.h>
// jpeglib.h needs stdio.h before it
#include <cstdio>
// clang-format off
#include <jpeglib.h>
// clang-format on

#include <algorithm>
#include <charconv>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "content.h"

namespace hilum::modification {

namespace {

constexpr uint32_t kLongestSide = 65535;  // Rows and Columns are US

[[noreturn]] void refuse(const char* format, const char* why) {
  throw Error(HILUM_E_BAD_FORMAT, std::string("not a ") + format + " file: " + why);
}

// Where the pixels go. A file says how large it is in a few bytes; what it then really holds may be nothing.
void allocate(Picture& picture, const char* format, size_t file_size) {
  if (picture.width == 0 || picture.height == 0) refuse(format, "it has no pixels");
  if (picture.width > kLongestSide || picture.height > kLongestSide) {
    throw Error(HILUM_E_TOO_LARGE, "a picture may have 65535 rows and columns at most");
  }
  const uint64_t size = uint64_t{picture.width} * picture.height * picture.samples * (picture.bits / 8u);
  if (size > kMostPixelBytes) throw Error(HILUM_E_TOO_LARGE, "the picture has too many pixels");
  // Deflate gains a factor of 1032 at most; a JPEG block of 64 samples takes some bits at least.
  if (size / 2000 > file_size) refuse(format, "it is too short for its size");
  picture.pixels.resize(static_cast<size_t>(size));
}

// --- PNG ---

struct PngInput {
  const char* next;
  size_t left;
  char message[128];
};

void read_png(png_structp png, png_bytep to, size_t size) {
  auto* input = static_cast<PngInput*>(png_get_io_ptr(png));
  if (size > input->left) png_error(png, "it is cut off");
  std::memcpy(to, input->next, size);
  input->next += size;
  input->left -= size;
}

[[noreturn]] void fail_png(png_structp png, png_const_charp message) {
  auto* input = static_cast<PngInput*>(png_get_error_ptr(png));
  std::snprintf(input->message, sizeof input->message, "%s", message);
  png_longjmp(png, 1);
}

void ignore_warning(png_structp, png_const_charp) {}

// libpng leaves its functions by longjmp: nothing with a destructor lives in the two functions below.
bool read_png_header(png_structp png, png_infop info) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_chunk_malloc_max(png, 8u << 20);
  // Keeps none of the chunks that may come any number of times: texts, palettes, what libpng does not know. Each may
  // inflate to the limit above. 0 would be no limit.
  png_set_chunk_cache_max(png, 1);
  png_read_info(png, info);
  return true;
}

bool read_png_rows(png_structp png, png_infop info, png_bytepp rows) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  if (png_get_bit_depth(png, info) == 16) png_set_swap(png);
  if ((png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) != 0) png_set_strip_alpha(png);
  (void)png_set_interlace_handling(png);
  png_read_update_info(png, info);
  png_read_image(png, rows);
  png_read_end(png, nullptr);
  return true;
}

// Owns libpng's structures.
class PngReader {
 public:
  explicit PngReader(std::string_view file) : input_{file.data(), file.size(), {}} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input_, fail_png, ignore_warning);
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    if (info_ == nullptr) throw Error(HILUM_E_NO_MEMORY);
    png_set_read_fn(png_, &input_, read_png);
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  Picture read() {
    const size_t size = input_.left;
    if (!read_png_header(png_, info_)) refuse("PNG", input_.message);
    const int type = png_get_color_type(png_, info_);
    const int depth = png_get_bit_depth(png_, info_);
    if (type == PNG_COLOR_TYPE_PALETTE || depth < 8) {
      throw Error(HILUM_E_NOT_IMPLEMENTED, "PNG files with a palette or with less than 8 bits");
    }
    Picture picture;
    picture.width = png_get_image_width(png_, info_);
    picture.height = png_get_image_height(png_, info_);
    picture.samples = (type & PNG_COLOR_MASK_COLOR) != 0 ? 3 : 1;
    picture.bits = static_cast<uint16_t>(depth);
    allocate(picture, "PNG", size);
    std::vector<png_bytep> rows(picture.height);
    const size_t pitch = picture.pixels.size() / picture.height;
    for (size_t y = 0; y < rows.size(); ++y)
      rows[y] = reinterpret_cast<png_bytep>(picture.pixels.data() + y * pitch);
    if (!read_png_rows(png_, info_, rows.data())) refuse("PNG", input_.message);
    return picture;
  }

 private:
  PngInput input_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

// --- JPEG ---

struct JpegErrors {
  jpeg_error_mgr manager;
  jpeg_progress_mgr progress;
  std::jmp_buf leave;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void fail_jpeg(j_common_ptr common) {
  auto* errors = reinterpret_cast<JpegErrors*>(common->err);
  common->err->format_message(common, errors->message);
  std::longjmp(errors->leave, 1);
}

void ignore_message(j_common_ptr) {}

// What has come out of a file is only as good as the file: a damaged one is refused.
void warn_jpeg(j_common_ptr common, int level) {
  if (level < 0) fail_jpeg(common);
}

// A scan takes a few bytes of the file, and a walk through all of the picture.
void limit_scans(j_common_ptr common) {
  constexpr int kMostScans = 500;  // encoders make about ten
  if (reinterpret_cast<j_decompress_ptr>(common)->input_scan_number <= kMostScans) return;
  auto* errors = reinterpret_cast<JpegErrors*>(common->err);
  std::snprintf(errors->message, sizeof errors->message, "more than %d scans", kMostScans);
  std::longjmp(errors->leave, 1);
}

bool read_jpeg_info(jpeg_decompress_struct& jpeg, JpegErrors& errors, std::string_view file) {
  if (setjmp(errors.leave) != 0) return false;
  jpeg_create_decompress(&jpeg);
  jpeg.mem->max_memory_to_use = 256l << 20;
  jpeg_mem_src(&jpeg, reinterpret_cast<const unsigned char*>(file.data()),
               static_cast<unsigned long>(file.size()));
  (void)jpeg_read_header(&jpeg, TRUE);
  return true;
}

bool read_jpeg_rows(jpeg_decompress_struct& jpeg, JpegErrors& errors, unsigned char* pixels, size_t pitch) {
  if (setjmp(errors.leave) != 0) return false;
  jpeg.progress = &errors.progress;
  jpeg.out_color_space = jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
  (void)jpeg_start_decompress(&jpeg);
  while (jpeg.output_scanline < jpeg.output_height) {
    JSAMPROW row = pixels + pitch * jpeg.output_scanline;
    (void)jpeg_read_scanlines(&jpeg, &row, 1);
  }
  (void)jpeg_finish_decompress(&jpeg);
  return true;
}

class JpegReader {
 public:
  explicit JpegReader(std::string_view file) : size_(file.size()) {
    jpeg_.err = jpeg_std_error(&errors_.manager);
    errors_.manager.error_exit = fail_jpeg;
    errors_.manager.emit_message = warn_jpeg;
    errors_.manager.output_message = ignore_message;
    errors_.progress.progress_monitor = limit_scans;
    if (!read_jpeg_info(jpeg_, errors_, file)) {
      jpeg_destroy_decompress(&jpeg_);
      refuse("JPEG", errors_.message);
    }
  }
  ~JpegReader() { jpeg_destroy_decompress(&jpeg_); }
  JpegReader(const JpegReader&) = delete;
  JpegReader& operator=(const JpegReader&) = delete;

  Picture header() const {
    if (jpeg_.num_components != 1 && jpeg_.num_components != 3) {
      throw Error(HILUM_E_NOT_IMPLEMENTED,
                  "JPEG files with " + std::to_string(jpeg_.num_components) + " components");
    }
    Picture picture;
    picture.width = jpeg_.image_width;
    picture.height = jpeg_.image_height;
    picture.samples = static_cast<uint16_t>(jpeg_.num_components);
    return picture;
  }
  Picture read() {
    Picture picture = header();
    allocate(picture, "JPEG", size_);
    if (!read_jpeg_rows(jpeg_, errors_, reinterpret_cast<unsigned char*>(picture.pixels.data()),
                        picture.pixels.size() / picture.height)) {
      refuse("JPEG", errors_.message);
    }
    return picture;
  }

 private:
  size_t size_;
  jpeg_decompress_struct jpeg_{};
  JpegErrors errors_{};
};

// --- PAM ---

uint32_t pam_number(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    refuse("PAM", "a broken header");
  return number;
}

}  // namespace

Picture decode_png(std::string_view file) { return PngReader(file).read(); }
Picture decode_jpeg(std::string_view file) { return JpegReader(file).read(); }
Picture read_jpeg_header(std::string_view file) { return JpegReader(file).header(); }

// http://netpbm.sourceforge.net/doc/pam.html: lines of words, then big-endian samples.
Picture decode_pam(std::string_view file) {
  constexpr std::string_view kMagic = "P7\n";
  constexpr size_t kLongestHeader = 4096;
  if (file.substr(0, kMagic.size()) != kMagic) refuse("PAM", "it does not begin with P7");
  const size_t size = file.size();
  const size_t end = file.substr(0, kLongestHeader).find("ENDHDR\n");
  if (end == std::string_view::npos) refuse("PAM", "its header has no end");
  std::string_view header = file.substr(kMagic.size(), end - kMagic.size());
  file.remove_prefix(end + std::string_view("ENDHDR\n").size());
  Picture picture;
  uint32_t depth = 0;
  uint32_t maximum = 0;
  while (!header.empty()) {
    const size_t eol = std::min(header.find('\n'), header.size());
    const std::string_view line = header.substr(0, eol);
    header.remove_prefix(std::min(eol + 1, header.size()));
    const size_t space = line.find(' ');
    if (line.empty() || line[0] == '#' || space == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, space);
    const std::string_view value = line.substr(space + 1);
    if (name == "WIDTH") picture.width = pam_number(value);
    if (name == "HEIGHT") picture.height = pam_number(value);
    if (name == "DEPTH") depth = pam_number(value);
    if (name == "MAXVAL") maximum = pam_number(value);
  }
  if ((depth != 1 && depth != 3) || (maximum != 255 && maximum != 65535)) {
    refuse("PAM", "DEPTH must be 1 or 3, MAXVAL 255 or 65535");
  }
  picture.samples = static_cast<uint16_t>(depth);
  picture.bits = maximum == 255 ? 8 : 16;
  allocate(picture, "PAM", size);
  if (file.size() < picture.pixels.size()) refuse("PAM", "it is cut off");
  std::memcpy(picture.pixels.data(), file.data(), picture.pixels.size());
  if (picture.bits == 16) {
    for (size_t i = 0; i + 1 < picture.pixels.size(); i += 2)
      std::swap(picture.pixels[i], picture.pixels[i + 1]);
  }
  return picture;
}

}  // namespace hilum::modification
