// From one transfer syntax to another: whole files, one frame at a time.
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/pixels.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace hilum::dicom {

// Whether the UID is a transfer syntax of DICOM (PS3.6 table A-1, retired ones and video included): what a client may
// ask for. That it can be produced is another matter.
bool is_registered_transfer_syntax(std::string_view uid);
// Whether writing this transfer syntax loses information: lossy JPEG, near-lossless JPEG-LS, JPEG 2000 (not "only").
bool is_lossy_transfer_syntax(std::string_view uid);

// A compressed frame, of even length, and what the data set has to say about it.
struct EncodedFrame {
  PixelFormat format;
  std::string bytes;
};

// Who decodes and encodes frames: hilum/dicom/frame_codecs.h for the plugins of the host. Any thread.
class FrameCodecs {
 public:
  virtual ~FrameCodecs() = default;
  virtual bool can_decode(std::string_view transfer_syntax) const = 0;
  virtual bool can_encode(std::string_view transfer_syntax) const = 0;
  // Both throw Error: HILUM_E_NOT_IMPLEMENTED if nobody can.
  virtual DecodedFrame decode(std::string_view transfer_syntax, const PixelFormat& format,
                              std::string_view stored) const = 0;
  virtual EncodedFrame encode(std::string_view transfer_syntax, const DecodedFrame& frame,
                              int lossy_quality) const = 0;
};

// Where a file is written. What stands at its beginning is known only when the rest is: offset tables. One thread.
class FileOutput {
 public:
  virtual ~FileOutput() = default;
  virtual void append(std::string_view bytes) = 0;
  // Replaces bytes that have been appended.
  virtual void overwrite(uint64_t offset, std::string_view bytes) = 0;
};

// A file in memory. Throws Error(HILUM_E_TOO_LARGE) if it outgrows `limit`.
class StringOutput : public FileOutput {
 public:
  explicit StringOutput(uint64_t limit = uint64_t{2} << 30) : limit_(limit) {}
  void append(std::string_view bytes) override;
  void overwrite(uint64_t offset, std::string_view bytes) override;
  std::string take() { return std::move(bytes_); }

 private:
  const uint64_t limit_;
  std::string bytes_;
};

// A file in memory as long as it is small, then in a file without name in `folder`. Throws Error(HILUM_E_SYSTEM).
class SpooledOutput : public FileOutput {
 public:
  explicit SpooledOutput(std::string folder, uint64_t in_memory = uint64_t{16} << 20)
      : folder_(std::move(folder)), in_memory_(in_memory) {}
  SpooledOutput(const SpooledOutput&) = delete;
  SpooledOutput& operator=(const SpooledOutput&) = delete;
  ~SpooledOutput() override;

  void append(std::string_view bytes) override;
  void overwrite(uint64_t offset, std::string_view bytes) override;

  uint64_t size() const { return size_; }
  // What has been written; the view ends with the object or the next write.
  ByteSource source();
  // -1 as long as all is in memory. The descriptor belongs to the object.
  int fd() const { return fd_; }
  // The bytes, if all are in memory.
  std::string take_memory() { return std::move(memory_); }

 private:
  void spill();
  void write_file(uint64_t offset, std::string_view bytes) const;

  const std::string folder_;
  const uint64_t in_memory_;
  std::string memory_;  // empty once there is a file
  uint64_t size_ = 0;
  int fd_ = -1;
};

// Reads what stands behind Pixel Data, which parsing up to it has left out, into the data set: private groups in most
// cases. Data Set Trailing Padding and the digital signatures of the old bytes are left out.
void add_elements_behind_pixel_data(ParsedInstance& header, const ByteSource& file);

struct TranscodeOptions {
  int lossy_quality = 90;  // 1 to 100: DicomLossyTranscodingQuality, LossyQuality
  // What is lost makes another image (PS3.3 section C.7.6.1.1.5): it gets a new SOPInstanceUID and refers to its source.
  // true: the caller has seen to that (a modification, which gives a new UID anyway).
  bool keep_sop_instance_uid = false;
  std::string new_sop_instance_uid;  // of an image that has lost something; empty: one that nobody else has
};

// What has been written.
struct Transcoded {
  std::string sop_instance_uid;
  bool is_lossy = false;  // information was lost on the way, and the data set says so
};

// Changes transfer syntaxes. Files go through it frame by frame; the data set without its pixels is in memory, and the
// offset table of a multi-frame image. Any thread.
//
//   HostFrameCodecs codecs(host);  // hilum/dicom/frame_codecs.h
//   Transcoder transcoder(codecs);
//   StringOutput out;
//   transcoder.transcode(file, "1.2.840.10008.1.2.4.70", {}, out);
//
// What comes out:
// - between uncompressed syntaxes, native pixels are copied or swapped, never interpreted; deflate goes both ways;
// - from compressed ones, frames are decoded: Photometric Interpretation, bits and planes are set to what the decoder
//   delivers (YBR of JPEG has become RGB);
// - compressed: one fragment for each frame, the Basic Offset Table filled in if there is more than one (an Extended
//   one if offsets need more than 32 bits);
// - lossy: ImageType DERIVED, LossyImageCompression 01, its Ratio and Method, DerivationDescription and
//   DerivationCodeSequence, SourceImageSequence and a new SOPInstanceUID;
// - a file without pixel data is written in the encoding that the transfer syntax has;
// - the same syntax: the data set is written anew and the bytes of Pixel Data are copied;
// - icons in compressed form are decoded.
//
// Errors: HILUM_E_NOT_IMPLEMENTED (nobody can decode the one, encode the other, or hold such pixels in it: float pixels,
// one bit, video), HILUM_E_BAD_FORMAT (the file is broken, or its pixels are), HILUM_E_TOO_LARGE, HILUM_E_OUT_OF_RANGE
// (an unknown transfer syntax, a quality that is none). What was written to the output is then worth nothing.
class Transcoder {
 public:
  explicit Transcoder(const FrameCodecs& codecs) : codecs_(codecs) {}  // which must outlive it

  // Whether the syntaxes allow it: not whether this one image does.
  bool is_possible(std::string_view from, std::string_view to) const;

  Transcoded transcode(const ByteSource& file, std::string_view to, const TranscodeOptions& options,
                       FileOutput& out) const;

  // The same with a data set that has been changed since it was read: `header` was read from `file` up to Pixel Data,
  // and its image pixel module still tells how the pixels of `file` lie. Elements behind Pixel Data are written if
  // they are in the data set: see add_elements_behind_pixel_data(). The data set is changed further.
  Transcoded transcode(ParsedInstance& header, const ByteSource& file, std::string_view to,
                       const TranscodeOptions& options, FileOutput& out) const;

 private:
  const FrameCodecs& codecs_;
};

}  // namespace hilum::dicom
