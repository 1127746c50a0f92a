/* hilum.decoders/draft: from the stored bytes of a compressed frame to pixels, by whichever plugin can. C99.
 * A draft: it may change with any release until it moves out of this folder. */
#ifndef HILUM_DRAFT_DECODER_H
#define HILUM_DRAFT_DECODER_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_DECODERS_DRAFT "hilum.decoders/draft"

/* How the samples of a frame lie (PS3.3 section C.7.6.3). */
enum hilum_frame_flag {
  HILUM_FRAME_SIGNED = 1, /* two's complement (PixelRepresentation 1) */
  HILUM_FRAME_PLANAR = 2  /* one plane for each sample (PlanarConfiguration 1) */
};

typedef struct hilum_frame_format {
  uint32_t size;
  uint32_t rows, columns;     /* in pixels */
  uint32_t samples_per_pixel; /* 1 to 4 */
  uint32_t bits_allocated;    /* of one sample: 1, 8, 16, 24, 32 or 64 */
  uint32_t bits_stored, high_bit;
  uint32_t flags;       /* of hilum_frame_flag */
  char photometric[20]; /* PhotometricInterpretation, NUL-terminated; empty if absent */
} hilum_frame_format;

/* A compressed frame, as it is stored. */
typedef struct hilum_stored_frame {
  uint32_t size;
  uint32_t reserved;
  hilum_text transfer_syntax;       /* UID */
  const hilum_frame_format* format; /* what the data set says: not checked against the bytes */
  const void* data;   /* the fragments of the frame, one after the other; hostile, for all one knows */
  uint64_t data_size; /* in bytes */
} hilum_stored_frame;

/* Where a decoded frame goes. Called by a decoder once, when it knows what the frame will be and before it
 * decodes into the block: columns * rows * samples_per_pixel samples, each bits_allocated / 8 bytes,
 * little-endian, without padding between rows; bits_allocated is 8, 16 or 32. Returns the block, which belongs
 * to whoever asked for the frame, or NULL if the frame is refused (a format that contradicts itself, or more
 * than the host allows): the decoder then fails with HILUM_E_TOO_LARGE. A second call replaces the first.
 * On the thread of the function it was passed to. */
typedef struct hilum_pixel_target {
  void* context;
  void* (*allocate)(void* context, const hilum_frame_format* decoded);
} hilum_pixel_target;

enum hilum_decoder_flag {
  HILUM_DECODER_BUILT_IN = 1 /* one that the option BuiltinDecoderTranscoderOrder means by "built-in" */
};

/* What a plugin offers. */
typedef struct hilum_decoder {
  uint32_t size;
  uint32_t flags;                       /* of hilum_decoder_flag */
  const char* const* transfer_syntaxes; /* UIDs, ends with NULL; copied by the host */
  void* context;

  /* Decodes one frame. `decoded` starts as the stored format; the decoder says what has changed: the photometric
   * interpretation (YBR that it has converted is RGB), the planes, bits, sign. Returns 0 with all of the block
   * written, or a status after host->fail: the next decoder is then asked. A decoder checks the sizes that the
   * bytes announce against the format before it allocates. Several at once, on any thread. */
  int32_t (*decode)(void* context, const hilum_stored_frame* frame, hilum_pixel_target target);
} hilum_decoder;

typedef struct hilum_decoders_draft {
  /* Offers a decoder, from when start has succeeded until stop. Of several for one transfer syntax, those that are
   * not built-in are asked first, in the order of the plugins' starts; BuiltinDecoderTranscoderOrder may turn that
   * round ("Before") or leave the built-in ones out ("Disabled"). The context lives until stop.
   * [init] */
  int32_t (*add)(const hilum_host* host, const hilum_decoder* decoder);
  /* 1 if some decoder is there for this transfer syntax, else 0.
   * [any] */
  int32_t (*can_decode)(const hilum_host* host, hilum_text transfer_syntax);
  /* Decodes a frame: asks one decoder after the other until one succeeds. HILUM_E_NOT_IMPLEMENTED if there is none
   * for the transfer syntax; else the error of the last one that was asked. Uses the calling thread.
   * [any] */
  int32_t (*decode)(const hilum_host* host, const hilum_stored_frame* frame, hilum_pixel_target target);
} hilum_decoders_draft;

#ifdef __cplusplus
}
#endif
#endif
