// hilum.encoders/draft in C++: encoding a frame, offering an encoder.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/dicom/decoder.h>
#include <hilum/dicom/transcode.h>
#include <hilum/draft/encoder.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hilum {

// A frame as an encoder gets it. A view: valid inside the encoder only.
class RawFrame {
 public:
  RawFrame(const hilum_raw_frame& frame, hilum_frame_format* stored, hilum_sink to)
      : frame_(frame), stored_(stored), to_(to), format_(detail::to_pixel_format(*frame.format)) {}

  std::string_view transfer_syntax() const { return to_view(frame_.transfer_syntax); }
  const dicom::PixelFormat& format() const { return format_; }
  // format().frame_size() bytes, aligned for samples of 16 or 32 bits.
  const uint8_t* pixels() const { return static_cast<const uint8_t*>(frame_.pixels); }
  size_t size() const { return static_cast<size_t>(frame_.pixel_size); }
  int quality() const { return static_cast<int>(frame_.quality); }

  // What the data set has to say, if that isn't format().
  void set_stored_format(const dicom::PixelFormat& format) const {
    *stored_ = detail::to_frame_format(format);
  }
  // Appends to the stream.
  void write(const void* data, size_t size) const {
    const int32_t status = to_.write(to_.context, data, size);
    if (status != HILUM_OK) throw Error(status, "the encoded frame is not taken");
  }

 private:
  const hilum_raw_frame& frame_;
  hilum_frame_format* stored_;
  hilum_sink to_;
  dicom::PixelFormat format_;
};

// Encoders. A member of the plugin's class; add only inside its constructor. Encoding is possible from every thread,
// several at once.
class Encoders {
 public:
  // Writes the stream to the frame; throws if it cannot encode it.
  using Function = std::function<void(const RawFrame& frame)>;

  explicit Encoders(Host host)
      : host_(host), table_(&host.service<hilum_encoders_draft>(HILUM_ENCODERS_DRAFT)) {}
  Encoders(const Encoders&) = delete;
  Encoders& operator=(const Encoders&) = delete;

  // `transfer_syntaxes`: UIDs, NUL-terminated.
  void add(std::vector<const char*> transfer_syntaxes, Function function, uint32_t flags = 0) {
    entries_.push_back({host_, std::move(function)});
    transfer_syntaxes.push_back(nullptr);
    hilum_encoder encoder{};
    encoder.size = sizeof encoder;
    encoder.flags = flags;
    encoder.transfer_syntaxes = transfer_syntaxes.data();
    encoder.context = &entries_.back();
    encoder.encode = &Encoders::call;
    host_.check(table_->add(host_.get(), &encoder));
  }

  bool can_encode(std::string_view transfer_syntax) const {
    return table_->can_encode(host_.get(), to_text(transfer_syntax)) != 0;
  }

  // `frame` is interleaved. Throws HILUM_E_NOT_IMPLEMENTED (no encoder), or the error of the encoder asked last.
  dicom::EncodedFrame encode(std::string_view transfer_syntax, const dicom::DecodedFrame& frame,
                             int lossy_quality) const {
    const hilum_frame_format format = detail::to_frame_format(frame.format);
    hilum_raw_frame raw{};
    raw.size = sizeof raw;
    raw.quality = static_cast<uint32_t>(lossy_quality);
    raw.transfer_syntax = to_text(transfer_syntax);
    raw.format = &format;
    raw.pixels = frame.pixels.data();
    raw.pixel_size = frame.pixels.size();
    hilum_frame_format stored{};
    stored.size = sizeof stored;
    StringSink stream;
    host_.check(table_->encode(host_.get(), &raw, &stored, stream.sink()));
    dicom::EncodedFrame encoded{detail::to_pixel_format(stored), std::move(stream.text())};
    encoded.format.frames = frame.format.frames;
    return encoded;
  }

 private:
  struct Entry {
    Host host;
    Function function;
  };
  static int32_t call(void* context, const hilum_raw_frame* frame, hilum_frame_format* stored,
                      hilum_sink to) {
    auto* entry = static_cast<Entry*>(context);
    return entry->host.guard([&] { entry->function(RawFrame(*frame, stored, to)); });
  }

  Host host_;
  const hilum_encoders_draft* table_;
  std::deque<Entry> entries_;
};

}  // namespace hilum
