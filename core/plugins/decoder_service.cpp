// hilum.decoders/draft
#include <hilum/draft/decoder.h>

#include <algorithm>
#include <optional>

#include "core/base/log.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

constexpr uint64_t kLargestDecodedFrame = uint64_t{1} << 30;  // bytes

// What a decoder announces: complete, free of contradictions, and small enough.
bool is_acceptable(const hilum_frame_format& format) {
  const bool bits = format.bits_allocated == 8 || format.bits_allocated == 16 || format.bits_allocated == 32;
  if (!bits || format.bits_stored == 0 || format.bits_stored > format.bits_allocated ||
      format.high_bit >= format.bits_allocated || format.high_bit + 1 < format.bits_stored) {
    return false;
  }
  constexpr uint32_t kLongestSide = 65535;  // Rows and Columns are US
  if (format.rows == 0 || format.rows > kLongestSide || format.columns == 0 ||
      format.columns > kLongestSide || format.samples_per_pixel == 0 || format.samples_per_pixel > 4) {
    return false;
  }
  // Decoded frames have all samples of each pixel: a decoder that leaves the name of the compressed form would get too
  // little room.
  const std::string_view photometric = format.photometric;
  if (photometric.find("_422") != std::string_view::npos ||
      photometric.find("_420") != std::string_view::npos) {
    return false;
  }
  const uint64_t pixels = uint64_t{format.rows} * format.columns;
  return pixels * format.samples_per_pixel * (format.bits_allocated / 8) <= kLargestDecodedFrame;
}

// Between a decoder and whoever asked for the frame: checks what is announced, and keeps the exceptions of one
// out of the stack of the other.
class CheckedTarget {
 public:
  CheckedTarget(Plugin& asker, hilum_pixel_target target) : asker_(asker), target_(target) {}

  hilum_pixel_target table() { return {this, &CheckedTarget::allocate}; }
  bool is_allocated() const { return is_allocated_; }
  void reset() { is_allocated_ = false; }

 private:
  static void* allocate(void* context, const hilum_frame_format* decoded) {
    auto& self = *static_cast<CheckedTarget*>(context);
    void* block = nullptr;
    (void)guarded("hilum.decoders/draft allocate", [&] {
      hilum_frame_format format = read_struct(decoded, "decoded");
      format.size = sizeof format;
      format.photometric[sizeof format.photometric - 1] = '\0';
      if (is_acceptable(format)) {
        block = self.asker_.inside("allocate",
                                   [&] { return self.target_.allocate(self.target_.context, &format); });
      }
    });
    self.is_allocated_ = block != nullptr;
    return block;
  }

  Plugin& asker_;
  hilum_pixel_target target_;
  bool is_allocated_ = false;
};

// The error with which a decoder has refused the frame, or nothing.
std::optional<Error> ask(const Decoder& decoder, const hilum_stored_frame& frame, CheckedTarget& target) {
  Plugin& plugin = *decoder.plugin;
  const char* what = "a decoder";
  target.reset();
  try {
    const int32_t status =
        plugin.enter(what, [&] { return decoder.decode(decoder.context, &frame, target.table()); });
    if (status != HILUM_OK) {
      plugin.throw_status(what, status);
    }
    if (!target.is_allocated()) {
      throw Error(HILUM_E_PLUGIN, "plugin " + plugin.name() + ": a decoder has succeeded without a frame");
    }
    return std::nullopt;
  } catch (const Error& error) {
    log_info(LogCategory::kPlugins, "plugin {} does not decode a frame of transfer syntax {}: {}",
             plugin.name(), to_view(frame.transfer_syntax), error.what());
    return error;
  }
}

int32_t add(const hilum_host* host, const hilum_decoder* decoder) {
  return guarded("hilum.decoders/draft add", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.decoders/draft add");
    const hilum_decoder given = read_struct(decoder, "decoder");
    required(given.decode, "decoder->decode");
    Decoder entry;
    for (const char* const* uid = &required(given.transfer_syntaxes, "decoder->transfer_syntaxes"); *uid;
         ++uid) {
      entry.transfer_syntaxes.insert(*uid);
    }
    entry.built_in = (given.flags & HILUM_DECODER_BUILT_IN) != 0;
    entry.context = given.context;
    entry.decode = given.decode;
    plugin.on_started([&plugin, entry = std::move(entry)]() mutable {
      plugin.on_stop([&plugin] { plugin.context().decoders.remove(plugin); });
      entry.plugin = plugin.shared_from_this();
      plugin.context().decoders.add(std::move(entry));
    });
  });
}

int32_t can_decode(const hilum_host* host, hilum_text transfer_syntax) {
  bool can = false;
  const int32_t status = guarded("hilum.decoders/draft can_decode", [&] {
    Plugin& plugin = plugin_of(host);
    can = !plugin.context().decoders.find(to_view(transfer_syntax), builtin_order(plugin)).empty();
  });
  return status == HILUM_OK && can ? 1 : 0;
}

int32_t decode(const hilum_host* host, const hilum_stored_frame* frame, hilum_pixel_target target) {
  return guarded("hilum.decoders/draft decode", [&] {
    Plugin& plugin = plugin_of(host);
    hilum_stored_frame given = read_struct(frame, "frame");
    given.size = sizeof given;
    hilum_frame_format format = read_struct(given.format, "frame->format");
    format.size = sizeof format;
    format.photometric[sizeof format.photometric - 1] = '\0';
    given.format = &format;
    required(target.allocate, "target.allocate");
    if (given.data_size > 0) {
      required(static_cast<const uint8_t*>(given.data), "frame->data");
    }
    CheckedTarget checked(plugin, target);
    std::optional<Error> last =
        Error(HILUM_E_NOT_IMPLEMENTED,
              "no decoder for transfer syntax " + std::string(to_view(given.transfer_syntax)));
    const std::string_view syntax = to_view(given.transfer_syntax);
    for (const std::shared_ptr<const Decoder>& decoder :
         plugin.context().decoders.find(syntax, builtin_order(plugin))) {
      last = ask(*decoder, given, checked);
      if (!last) {
        return;
      }
    }
    throw Error(*last);
  });
}

const hilum_decoders_draft kTable = {&add, &can_decode, &decode};

}  // namespace

const void* decoder_table() { return &kTable; }

}  // namespace hilum::plugins
