// hilum.decoders/draft in C++. Not in hilum/cpp, which knows nothing of DICOM: a frame comes with its format.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/dicom/pixels.h>
#include <hilum/draft/decoder.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hilum {

namespace detail {

inline hilum_frame_format to_frame_format(const dicom::PixelFormat& format) {
  hilum_frame_format out{};
  out.size = sizeof out;
  out.rows = format.rows;
  out.columns = format.columns;
  out.samples_per_pixel = format.samples_per_pixel;
  out.bits_allocated = format.bits_allocated;
  out.bits_stored = format.bits_stored;
  out.high_bit = format.high_bit;
  if (format.is_signed) out.flags |= HILUM_FRAME_SIGNED;
  if (format.is_planar) out.flags |= HILUM_FRAME_PLANAR;
  format.photometric.copy(out.photometric, sizeof out.photometric - 1);
  return out;
}

inline dicom::PixelFormat to_pixel_format(const hilum_frame_format& format) {
  dicom::PixelFormat out;
  out.rows = format.rows;
  out.columns = format.columns;
  out.samples_per_pixel = format.samples_per_pixel;
  out.bits_allocated = format.bits_allocated;
  out.bits_stored = format.bits_stored;
  out.high_bit = format.high_bit;
  out.is_signed = (format.flags & HILUM_FRAME_SIGNED) != 0;
  out.is_planar = (format.flags & HILUM_FRAME_PLANAR) != 0;
  const char* end = std::find(format.photometric, format.photometric + sizeof format.photometric, '\0');
  out.photometric.assign(format.photometric, end);
  return out;
}

}  // namespace detail

// A compressed frame as a decoder gets it. A view: valid inside the decoder only.
class StoredFrame {
 public:
  StoredFrame(const hilum_stored_frame& frame, hilum_pixel_target target)
      : frame_(frame), target_(target), format_(detail::to_pixel_format(*frame.format)) {}

  std::string_view transfer_syntax() const { return to_view(frame_.transfer_syntax); }
  const dicom::PixelFormat& format() const { return format_; }
  const uint8_t* data() const { return static_cast<const uint8_t*>(frame_.data); }
  size_t size() const { return static_cast<size_t>(frame_.data_size); }

  // The block for the decoded frame: decoded.frame_size() bytes, to be filled with little-endian samples.
  uint8_t* allocate(const dicom::PixelFormat& decoded) const {
    const hilum_frame_format format = detail::to_frame_format(decoded);
    void* block = target_.allocate(target_.context, &format);
    if (block == nullptr) throw Error(HILUM_E_TOO_LARGE, "a frame of this size is not decoded");
    return static_cast<uint8_t*>(block);
  }

 private:
  const hilum_stored_frame& frame_;
  hilum_pixel_target target_;
  dicom::PixelFormat format_;
};

// Decoders. A member of the plugin's class; add only inside its constructor. Decoding is possible from every
// thread, several at once.
class Decoders {
 public:
  // Fills frame.allocate(format); throws if it cannot decode the frame.
  using Function = std::function<void(const StoredFrame& frame)>;

  explicit Decoders(Host host)
      : host_(host), table_(&host.service<hilum_decoders_draft>(HILUM_DECODERS_DRAFT)) {}
  Decoders(const Decoders&) = delete;
  Decoders& operator=(const Decoders&) = delete;

  // `transfer_syntaxes`: UIDs, NUL-terminated.
  void add(std::vector<const char*> transfer_syntaxes, Function function, uint32_t flags = 0) {
    entries_.push_back({host_, std::move(function)});
    transfer_syntaxes.push_back(nullptr);
    hilum_decoder decoder{};
    decoder.size = sizeof decoder;
    decoder.flags = flags;
    decoder.transfer_syntaxes = transfer_syntaxes.data();
    decoder.context = &entries_.back();
    decoder.decode = &Decoders::call;
    host_.check(table_->add(host_.get(), &decoder));
  }

  bool can_decode(std::string_view transfer_syntax) const {
    return table_->can_decode(host_.get(), to_text(transfer_syntax)) != 0;
  }

  // Decodes a frame as dicom::FrameReader gives it. Throws HILUM_E_NOT_IMPLEMENTED (no decoder), or the error of
  // the decoder that was asked last.
  dicom::DecodedFrame decode(std::string_view transfer_syntax, const dicom::PixelFormat& format,
                             std::string_view stored) const {
    const hilum_frame_format stored_format = detail::to_frame_format(format);
    hilum_stored_frame frame{};
    frame.size = sizeof frame;
    frame.transfer_syntax = to_text(transfer_syntax);
    frame.format = &stored_format;
    frame.data = stored.data();
    frame.data_size = stored.size();
    dicom::DecodedFrame decoded;
    host_.check(table_->decode(host_.get(), &frame, {&decoded, &Decoders::allocate}));
    decoded.format.frames = format.frames;
    return decoded;
  }

 private:
  struct Entry {
    Host host;
    Function function;
  };
  static int32_t call(void* context, const hilum_stored_frame* frame, hilum_pixel_target target) {
    auto* entry = static_cast<Entry*>(context);
    return entry->host.guard([&] { entry->function(StoredFrame(*frame, target)); });
  }
  static void* allocate(void* context, const hilum_frame_format* format) {
    auto& decoded = *static_cast<dicom::DecodedFrame*>(context);
    try {
      decoded.format = detail::to_pixel_format(*format);
      decoded.pixels.resize(static_cast<size_t>(decoded.format.frame_size()));
      return decoded.pixels.data();
    } catch (...) {
      return nullptr;
    }
  }

  Host host_;
  const hilum_decoders_draft* table_;
  std::deque<Entry> entries_;
};

}  // namespace hilum
