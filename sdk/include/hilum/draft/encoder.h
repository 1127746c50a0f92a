/* hilum.encoders/draft: from the pixels of a frame to a compressed stream, by whichever plugin can. C99.
 * A draft: it may change with any release until it moves out of this folder. */
#ifndef HILUM_DRAFT_ENCODER_H
#define HILUM_DRAFT_ENCODER_H

#include "../plugin.h"
#include "decoder.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_ENCODERS_DRAFT "hilum.encoders/draft"

/* A frame without compression. */
typedef struct hilum_raw_frame {
  uint32_t size;
  uint32_t quality;                 /* of lossy transfer syntaxes, 1 (worst) to 100 */
  hilum_text transfer_syntax;       /* UID of what is wanted */
  const hilum_frame_format* format; /* interleaved; bits_allocated is 8, 16 or 32 */
  const void*
      pixels; /* columns * rows * samples_per_pixel samples, little-endian, without padding; aligned as malloc
                          aligns. Bits above bits_stored may be set: lossless encoders keep them. */
  uint64_t pixel_size; /* in bytes: what the format says, the host has checked it */
} hilum_raw_frame;

enum hilum_encoder_flag {
  HILUM_ENCODER_BUILT_IN = 1 /* one that the option BuiltinDecoderTranscoderOrder means by "built-in" */
};

/* What a plugin offers. */
typedef struct hilum_encoder {
  uint32_t size;
  uint32_t flags;                       /* of hilum_encoder_flag */
  const char* const* transfer_syntaxes; /* UIDs, ends with NULL; copied by the host */
  void* context;

  /* Encodes one frame and writes the stream to `to`, in one or several calls; the host pads it to even length.
   * `stored` starts as frame->format; the encoder says what the data set has to announce now: the photometric
   * interpretation (RGB has become YBR_FULL), the bits. Rows, columns and samples stay. Returns 0, or a status after
   * host->fail: HILUM_E_NOT_IMPLEMENTED for a frame that this transfer syntax cannot hold (16 bits in baseline
   * JPEG); the next encoder is then asked, and what was written is forgotten. Several at once, on any thread. */
  int32_t (*encode)(void* context, const hilum_raw_frame* frame, hilum_frame_format* stored, hilum_sink to);
} hilum_encoder;

typedef struct hilum_encoders_draft {
  /* Offers an encoder, from when start has succeeded until stop. Which of several is asked first: see
   * hilum_decoders_draft.add. The context lives until stop.
   * [init] */
  int32_t (*add)(const hilum_host* host, const hilum_encoder* encoder);
  /* 1 if some encoder is there for this transfer syntax, else 0.
   * [any] */
  int32_t (*can_encode)(const hilum_host* host, hilum_text transfer_syntax);
  /* Encodes a frame: asks one encoder after the other until one succeeds. `stored` (its size set) receives the format
   * that the data set has to announce; `to` receives the stream in one call, of even length, if an encoder has
   * succeeded. HILUM_E_NOT_IMPLEMENTED if there is none for the transfer syntax; else the error of the last one
   * that was asked; HILUM_E_OUT_OF_RANGE for a frame that contradicts its format. Uses the calling thread.
   * [any] */
  int32_t (*encode)(const hilum_host* host, const hilum_raw_frame* frame, hilum_frame_format* stored,
                    hilum_sink to);
} hilum_encoders_draft;

#ifdef __cplusplus
}
#endif
#endif
