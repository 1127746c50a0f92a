// hilum.encoders/draft
#include <hilum/draft/encoder.h>

#include <optional>

#include "core/base/log.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr uint64_t kLargestRawFrame = uint64_t{1} << 30;  // bytes
constexpr uint64_t kLongestStream =
    kLargestRawFrame * 2;  // noise grows when it is encoded, but not like this

hilum_frame_format terminated(hilum_frame_format format) {
  format.size = sizeof format;
  format.photometric[sizeof format.photometric - 1] = '\0';
  return format;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_OUT_OF_RANGE, "frame->" + why); }

// Encoders need not look at these again.
void check(const hilum_raw_frame& frame, const hilum_frame_format& format) {
  if (frame.quality < 1 || frame.quality > 100) {
    refuse("quality is " + std::to_string(frame.quality) + ", not 1 to 100");
  }
  if (format.bits_allocated != 8 && format.bits_allocated != 16 && format.bits_allocated != 32) {
    throw Error(HILUM_E_NOT_IMPLEMENTED,
                "samples of " + std::to_string(format.bits_allocated) + " bits are not compressed");
  }
  const bool bits = format.bits_stored != 0 && format.bits_stored <= format.bits_allocated &&
                    format.high_bit < format.bits_allocated && format.high_bit + 1 >= format.bits_stored;
  constexpr uint32_t kLongestSide = 65535;  // Rows and Columns are US
  const bool sides = format.rows != 0 && format.rows <= kLongestSide && format.columns != 0 &&
                     format.columns <= kLongestSide;
  const bool samples = format.samples_per_pixel != 0 && format.samples_per_pixel <= 4;
  const bool interleaved = (format.flags & HILUM_FRAME_PLANAR) == 0 || format.samples_per_pixel == 1;
  if (!bits || !sides || !samples || !interleaved) {
    refuse("format contradicts itself or is not interleaved");
  }
  const uint64_t pixels = uint64_t{format.rows} * format.columns;
  const uint64_t needed = pixels * format.samples_per_pixel * (format.bits_allocated / 8);
  if (needed > kLargestRawFrame) {
    throw Error(HILUM_E_TOO_LARGE, "a frame of " + std::to_string(needed) + " bytes is not compressed");
  }
  if (frame.pixel_size != needed) {
    refuse("pixel_size is " + std::to_string(frame.pixel_size) + " for " + std::to_string(needed) + " bytes");
  }
  required(static_cast<const uint8_t*>(frame.pixels), "frame->pixels");
}

// MaximumConcurrentDcmtkTranscoders. An encoder that has its work done by another one does not ask for a second slot.
class EncodingSlot {
 public:
  explicit EncodingSlot(Slots& slots) : slots_(is_held_ ? nullptr : &slots) {
    if (!slots_) return;
    slots_->take();
    is_held_ = true;
  }
  ~EncodingSlot() {
    if (!slots_) return;
    is_held_ = false;
    slots_->give_back();
  }
  EncodingSlot(const EncodingSlot&) = delete;
  EncodingSlot& operator=(const EncodingSlot&) = delete;

 private:
  static thread_local bool is_held_;  // by this thread
  Slots* slots_;
};
thread_local bool EncodingSlot::is_held_ = false;

// What an encoder writes, kept until it has succeeded.
class Stream {
 public:
  hilum_sink sink() { return {this, &Stream::append}; }
  std::string& bytes() { return bytes_; }

 private:
  static int32_t append(void* context, const void* data, uint64_t size) {
    return guarded("hilum.encoders/draft write", [&] {
      auto& bytes = static_cast<Stream*>(context)->bytes_;
      if (size == 0) {
        return;
      }
      if (size > kLongestStream - bytes.size()) {
        throw Error(HILUM_E_TOO_LARGE,
                    "an encoded frame of more than " + std::to_string(kLongestStream) + " bytes");
      }
      bytes.append(static_cast<const char*>(required(static_cast<const void* const*>(&data), "data")),
                   static_cast<size_t>(size));
    });
  }
  std::string bytes_;
};

// What an encoder says of the frame may change the meaning of samples and their bits, not how many there are.
void check_stored(Plugin& plugin, const hilum_frame_format& raw, const hilum_frame_format& stored) {
  const bool same = stored.rows == raw.rows && stored.columns == raw.columns &&
                    stored.samples_per_pixel == raw.samples_per_pixel;
  const bool bits = stored.bits_allocated % 8 == 0 && stored.bits_allocated <= 32 &&
                    stored.bits_stored != 0 && stored.bits_stored <= stored.bits_allocated &&
                    stored.high_bit < stored.bits_allocated && stored.high_bit + 1 >= stored.bits_stored;
  if (!same || !bits) {
    throw Error(HILUM_E_PLUGIN, "plugin " + plugin.name() + ": an encoder announces another image");
  }
}

// The error with which an encoder has refused the frame, or nothing.
std::optional<Error> ask(const Encoder& encoder, const hilum_raw_frame& frame, hilum_frame_format& stored,
                         std::string& bytes) {
  Plugin& plugin = *encoder.plugin;
  const char* what = "an encoder";
  Stream stream;
  stored = *frame.format;
  try {
    const int32_t status =
        plugin.enter(what, [&] { return encoder.encode(encoder.context, &frame, &stored, stream.sink()); });
    if (status != HILUM_OK) {
      plugin.throw_status(what, status);
    }
    if (stream.bytes().empty()) {
      throw Error(HILUM_E_PLUGIN, "plugin " + plugin.name() + ": an encoder has succeeded without a stream");
    }
    stored = terminated(stored);
    check_stored(plugin, *frame.format, stored);
    bytes = std::move(stream.bytes());
    if (bytes.size() % 2 != 0) {
      bytes.push_back('\0');
    }
    return std::nullopt;
  } catch (const Error& error) {
    log_info(LogCategory::kPlugins, "plugin {} does not encode a frame in transfer syntax {}: {}",
             plugin.name(), to_view(frame.transfer_syntax), error.what());
    return error;
  }
}

int32_t add(const hilum_host* host, const hilum_encoder* encoder) {
  return guarded("hilum.encoders/draft add", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.encoders/draft add");
    const hilum_encoder given = read_struct(encoder, "encoder");
    required(given.encode, "encoder->encode");
    Encoder entry;
    for (const char* const* uid = &required(given.transfer_syntaxes, "encoder->transfer_syntaxes"); *uid;
         ++uid) {
      entry.transfer_syntaxes.insert(*uid);
    }
    entry.built_in = (given.flags & HILUM_ENCODER_BUILT_IN) != 0;
    entry.context = given.context;
    entry.encode = given.encode;
    plugin.on_started([&plugin, entry = std::move(entry)]() mutable {
      plugin.on_stop([&plugin] { plugin.context().encoders.remove(plugin); });
      entry.plugin = plugin.shared_from_this();
      plugin.context().encoders.add(std::move(entry));
    });
  });
}

int32_t can_encode(const hilum_host* host, hilum_text transfer_syntax) {
  bool can = false;
  const int32_t status = guarded("hilum.encoders/draft can_encode", [&] {
    Plugin& plugin = plugin_of(host);
    can = !plugin.context().encoders.find(to_view(transfer_syntax), builtin_order(plugin)).empty();
  });
  return status == HILUM_OK && can ? 1 : 0;
}

int32_t encode(const hilum_host* host, const hilum_raw_frame* frame, hilum_frame_format* stored,
               hilum_sink to) {
  return guarded("hilum.encoders/draft encode", [&] {
    Plugin& plugin = plugin_of(host);
    hilum_raw_frame given = read_struct(frame, "frame");
    given.size = sizeof given;
    const hilum_frame_format format = terminated(read_struct(given.format, "frame->format"));
    given.format = &format;
    check(given, format);
    const std::string_view syntax = to_view(given.transfer_syntax);
    const EncodingSlot slot(plugin.context().encoding);
    std::optional<Error> last =
        Error(HILUM_E_NOT_IMPLEMENTED, "no encoder for transfer syntax " + std::string(syntax));
    for (const std::shared_ptr<const Encoder>& encoder :
         plugin.context().encoders.find(syntax, builtin_order(plugin))) {
      hilum_frame_format announced{};
      std::string bytes;
      last = ask(*encoder, given, announced, bytes);
      if (!last) {
        write_struct(stored, announced, "stored");
        return write_sink(plugin, to, bytes);
      }
    }
    throw Error(*last);
  });
}

const hilum_encoders_draft kTable = {&add, &can_encode, &encode};

}  // namespace

const void* encoder_table() { return &kTable; }

}  // namespace hilum::plugins
