#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/frames.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transcode.h>

#include <optional>
#include <utility>

#include "data_set_writer.h"
#include "icons.h"
#include "lossy_marks.h"
#include "pixel_value.h"
#include "raw_frame.h"

namespace hilum::dicom {
namespace {

constexpr uint32_t kUndefined = 0xffffffff;
constexpr uint64_t kLongestValue = 0xfffffffe;
constexpr Tag kItemTag = 0xfffee000;
constexpr Tag kSequenceEnd = 0xfffee0dd;
constexpr uint64_t kItemHeader = 8;
// What fits into the Basic Offset Table, with a margin for frames that compression makes larger.
constexpr uint64_t kMostBasicOffset = uint64_t{3} << 30;
// Offset tables lie in memory, and a deflated file of a few bytes can hold any number of tiny frames.
constexpr uint64_t kMostEncodedFrames = uint64_t{1} << 20;

[[noreturn]] void not_possible(std::string_view from, std::string_view to, const std::string& why) {
  throw Error(HILUM_E_NOT_IMPLEMENTED,
              "from transfer syntax " + std::string(from) + " to " + std::string(to) + ": " + why);
}

// Pixels somewhere else (JPIP, .94 and .95) or in a stream of video are not rewritten.
bool is_rewritten(std::string_view uid, const TransferSyntax& facts) {
  const bool native = uid == kImplicitLittleEndian || uid == kExplicitLittleEndian ||
                      uid == kDeflatedLittleEndian || uid == kExplicitBigEndian;
  return (facts.encapsulated || native) && !is_video(uid);
}

TransferSyntax writing_facts(std::string_view uid, const ParsedInstance& header) {
  const auto facts = find_transfer_syntax(uid);
  if (facts) return *facts;
  if (uid != header.transfer_syntax) {
    throw Error(HILUM_E_NOT_IMPLEMENTED, "transfer syntax " + std::string(uid) + " is not written");
  }
  return transfer_syntax_facts(header.data_set().getOriginalXfer());
}

std::string source_ae_title(DcmMetaInfo& meta) {
  OFString title;
  (void)meta.findAndGetOFString(DCM_SourceApplicationEntityTitle, title);
  return title.size() <= 16 ? std::string(title.c_str()) : std::string();
}

// One file on its way. On the stack of transcode().
class Job {
 public:
  Job(const FrameCodecs& codecs, ParsedInstance& header, const ByteSource& file, std::string_view to,
      const TranscodeOptions& options, FileOutput& out)
      : codecs_(codecs),
        header_(header),
        data_set_(header.data_set()),
        file_(file),
        from_(header.transfer_syntax),
        to_(to),
        options_(options),
        facts_(writing_facts(to, header)),
        out_(out) {}

  Transcoded run();

 private:
  void split_data_set();
  void write_front(const PutBytes& put);
  void begin_file();
  void put(std::string_view bytes);
  void end_file();

  void copy_pixels();
  void copy_native(const PixelValueBytes& value);
  void decode_pixels();
  void encode_pixels();

  DecodedFrame raw_frame(FrameReader& reader, uint64_t n) const;
  void write_fragments(FrameReader& reader, EncodedFrame first, uint64_t raw_size);
  void note_offset(uint64_t n, uint64_t offset, uint64_t length);
  void rewrite_front();
  void write_header(Tag tag, const char* vr, uint32_t length);

  const FrameCodecs& codecs_;
  ParsedInstance& header_;
  DcmDataset& data_set_;  // up to Pixel Data
  DcmDataset behind_;     // what comes after it
  const ByteSource& file_;
  const std::string from_;
  const std::string to_;
  const TranscodeOptions options_;
  const TransferSyntax facts_;
  FileOutput& out_;
  std::optional<Deflater> deflater_;
  uint64_t written_ = 0;  // to out_
  Transcoded result_;
  // Of encapsulated pixel data: one of them, or none for a single frame.
  std::string basic_table_;
  std::vector<Uint64> extended_offsets_, extended_lengths_;
};

Transcoded Job::run() {
  for (const DcmTagKey& tag : {DCM_FloatPixelData, DCM_DoubleFloatPixelData}) {
    if (facts_.encapsulated && from_ != to_ && data_set_.tagExists(tag))
      not_possible(from_, to_, "float pixel data are not compressed");
  }
  const auto source = find_transfer_syntax(from_);
  // Without a meta header, DCMTK's guess may have no number of its own: then it is native.
  const bool is_odd = source && header_.has_meta_header && !is_rewritten(from_, *source);
  if (from_ != to_ && (is_odd || !is_rewritten(to_, facts_)))
    not_possible(from_, to_, "such pixel data are not rewritten");
  split_data_set();
  result_.sop_instance_uid = text_of(data_set_, kSopInstanceUid, Charset()).value_or(std::string());
  if (from_ != to_) decode_icons(data_set_, from_, codecs_);
  const bool is_native = header_.pixel_data_length.has_value();
  if (!header_.has_pixel_data) {
    begin_file();
  } else if (from_ == to_ || (is_native && !facts_.encapsulated)) {
    copy_pixels();
  } else if (!facts_.encapsulated) {
    decode_pixels();
  } else {
    encode_pixels();
  }
  end_file();
  return result_;
}

// Elements are written up to Pixel Data, and then the others.
void Job::split_data_set() {
  const DcmTagKey pixel_data = DCM_PixelData;
  for (unsigned long i = data_set_.card(); i > 0; --i) {
    DcmElement* element = data_set_.getElement(i - 1);
    if (element->getTag() < pixel_data) break;
    std::unique_ptr<DcmElement> owned(data_set_.remove(i - 1));
    if (owned->getTag() == pixel_data) continue;
    if (behind_.insert(owned.get(), OFTrue).bad()) throw Error(HILUM_E_NO_MEMORY);
    (void)owned.release();
  }
}

void Job::put(std::string_view bytes) {
  if (deflater_) return deflater_->add(bytes);
  out_.append(bytes);
  written_ += bytes.size();
}

void Job::write_header(Tag tag, const char* vr, uint32_t length) {
  dicom::write_header(tag, vr, length, {facts_.explicit_vr, facts_.big_endian},
                      [this](std::string_view bytes) { put(bytes); });
}

// Meta header and all before Pixel Data.
void Job::write_front(const PutBytes& put_bytes) {
  const std::string title = source_ae_title(header_.meta_header());
  MetaHeader meta;
  meta.sop_class_uid = header_.sop_class;
  meta.sop_instance_uid = result_.sop_instance_uid;
  meta.transfer_syntax = to_;
  meta.source_ae_title = title;
  put_bytes(meta_header(meta));
  if (facts_.deflated) {
    deflater_.emplace([this](std::string_view bytes) {
      out_.append(bytes);
      written_ += bytes.size();
    });
  }
  const PutBytes elements = facts_.deflated ? [this](std::string_view bytes) { put(bytes); } : put_bytes;
  write_elements(data_set_, facts_.deflated ? EXS_LittleEndianExplicit : facts_.dcmtk, elements);
}

void Job::begin_file() {
  write_front([this](std::string_view bytes) { put(bytes); });
}

void Job::end_file() {
  if (behind_.card() > 0) {
    write_elements(behind_, facts_.deflated ? EXS_LittleEndianExplicit : facts_.dcmtk,
                   [this](std::string_view bytes) { put(bytes); });
  }
  if (deflater_) deflater_->finish();
}

void Job::copy_pixels() {
  const PixelValueBytes value(file_, header_);
  if (value.length()) {
    copy_native(value);
  } else {
    begin_file();
    write_header(kPixelData, "OB", kUndefined);
    value.copy([this](std::string_view bytes) { put(bytes); });
  }
}

void Job::copy_native(const PixelValueBytes& value) {
  const bool is_bytes = value.syntax().explicit_vr && header_.pixel_data_vr == EVR_OB;
  const bool swapped = value.syntax().big_endian != facts_.big_endian && !is_bytes;
  begin_file();
  const uint64_t length = *value.length();
  write_header(kPixelData, is_bytes ? "OB" : "OW", static_cast<uint32_t>(length + length % 2));
  value.copy([&](std::string_view bytes) {
    if (!swapped) return put(bytes);
    std::string words(bytes);
    for (size_t i = 0; i + 1 < words.size(); i += 2) std::swap(words[i], words[i + 1]);
    put(words);
  });
  if (length % 2 != 0) put(std::string_view("\0", 1));
}

// Frame n without compression, interleaved if it goes to an encoder.
DecodedFrame Job::raw_frame(FrameReader& reader, uint64_t n) const {
  if (reader.is_native()) return {reader.format(), reader.frame(n)};
  return codecs_.decode(from_, reader.format(), reader.frame(n));
}

void check_frames(FrameReader& reader) {
  if (reader.count() == 0) throw Error(HILUM_E_BAD_FORMAT, "an image of no frames");
  // A number of frames is only a number: the last one has to be there before anything is reserved for all.
  (void)reader.pieces(reader.count() - 1);
}

bool is_same(const PixelFormat& a, const PixelFormat& b) {
  return a.rows == b.rows && a.columns == b.columns && a.samples_per_pixel == b.samples_per_pixel &&
         a.bits_allocated == b.bits_allocated && a.bits_stored == b.bits_stored && a.high_bit == b.high_bit &&
         a.is_signed == b.is_signed && a.is_planar == b.is_planar && a.photometric == b.photometric;
}

void check_same(const PixelFormat& first, const PixelFormat& other, uint64_t n) {
  if (is_same(first, other)) return;
  throw Error(HILUM_E_BAD_FORMAT, "frame " + std::to_string(n) + " has another form than the first");
}

void Job::decode_pixels() {
  if (is_video(from_)) not_possible(from_, to_, "video is not decoded");
  FrameReader reader(file_, header_);
  check_frames(reader);
  DecodedFrame frame = raw_frame(reader, 0);
  const PixelFormat format = frame.format;
  const uint64_t size = format.frame_size();
  if (size > kLongestValue / reader.count()) {
    throw Error(HILUM_E_TOO_LARGE, std::to_string(reader.count()) + " frames of " + std::to_string(size) +
                                       " bytes: more than an element without compression can hold");
  }
  const uint64_t length = size * reader.count();
  (void)data_set_.findAndDeleteElement(DcmTagKey(0x7fe0, 0x0001));
  (void)data_set_.findAndDeleteElement(DcmTagKey(0x7fe0, 0x0002));
  describe_pixels(data_set_, format);
  if (is_lossy_transfer_syntax(from_) && !data_set_.tagExistsWithValue(DCM_LossyImageCompression))
    data_set_.putAndInsertString(DCM_LossyImageCompression, "01");
  begin_file();
  // Samples of 16 bits and more are words (PS3.5 section 8.1.2).
  const bool words = format.bits_allocated > 8;
  write_header(kPixelData, words ? "OW" : "OB", static_cast<uint32_t>(length + length % 2));
  for (uint64_t n = 0;;) {
    if (words && facts_.big_endian) {
      for (size_t i = 0; i + 1 < frame.pixels.size(); i += 2) std::swap(frame.pixels[i], frame.pixels[i + 1]);
    }
    put(frame.pixels);
    if (++n == reader.count()) break;
    frame = raw_frame(reader, n);
    check_same(format, frame.format, n);
  }
  if (length % 2 != 0) put(std::string_view("\0", 1));
}

void Job::encode_pixels() {
  if (is_video(from_)) not_possible(from_, to_, "video is not decoded");
  if (!codecs_.can_encode(to_)) not_possible(from_, to_, "there is no encoder");
  FrameReader reader(file_, header_);
  check_frames(reader);
  if (reader.count() > kMostEncodedFrames) {
    throw Error(HILUM_E_TOO_LARGE, std::to_string(reader.count()) + " frames: at most " +
                                       std::to_string(kMostEncodedFrames) + " are compressed");
  }
  const DecodedFrame raw = interleaved_frame(raw_frame(reader, 0));
  EncodedFrame first = codecs_.encode(to_, raw, options_.lossy_quality);
  (void)data_set_.findAndDeleteElement(DcmTagKey(0x7fe0, 0x0001));
  (void)data_set_.findAndDeleteElement(DcmTagKey(0x7fe0, 0x0002));
  describe_pixels(data_set_, first.format);
  if (is_lossy_transfer_syntax(to_)) {
    LossyMarks marks;
    marks.transfer_syntax = to_;
    marks.quality = options_.lossy_quality;
    marks.from_uncompressed = reader.is_native();
    marks.new_sop_instance_uid = !options_.keep_sop_instance_uid;
    marks.sop_instance_uid = options_.new_sop_instance_uid;
    result_.sop_instance_uid = mark_lossy(data_set_, marks);
    result_.is_lossy = true;
  } else if (is_lossy_transfer_syntax(from_) && !data_set_.tagExistsWithValue(DCM_LossyImageCompression)) {
    data_set_.putAndInsertString(DCM_LossyImageCompression, "01");
  }
  write_fragments(reader, std::move(first), raw.pixels.size());
}

// An Extended Offset Table stands in the data set, which has the same length whatever the offsets are.
void put_extended_table(DcmDataset& data_set, const std::vector<Uint64>& offsets,
                        const std::vector<Uint64>& lengths) {
  const auto insert = [&](Uint16 element, const std::vector<Uint64>& values) {
    auto table = std::make_unique<DcmOther64bitVeryLong>(DcmTag(0x7fe0, element, EVR_OV));
    if (table->putUint64Array(values.data(), values.size()).bad() ||
        data_set.insert(table.get(), OFTrue).bad()) {
      throw Error(HILUM_E_NO_MEMORY);
    }
    (void)table.release();
  };
  insert(1, offsets);
  insert(2, lengths);
}

void Job::note_offset(uint64_t n, uint64_t offset, uint64_t length) {
  if (!extended_offsets_.empty()) {
    extended_offsets_[n] = offset;
    extended_lengths_[n] = length;
  } else if (!basic_table_.empty()) {
    if (offset > UINT32_MAX) throw Error(HILUM_E_TOO_LARGE, "the compressed frames take more than 4 GB");
    for (size_t i = 0; i < 4; ++i) basic_table_[4 * n + i] = static_cast<char>(offset >> 8 * i & 0xff);
  }
}

void Job::write_fragments(FrameReader& reader, EncodedFrame frame, uint64_t raw_size) {
  const uint64_t count = reader.count();
  const PixelFormat format = frame.format;
  const auto put_bytes = [this](std::string_view bytes) { put(bytes); };
  if (count > 1 && raw_size > kMostBasicOffset / count) {
    extended_offsets_.resize(count);
    extended_lengths_.resize(count);
    put_extended_table(data_set_, extended_offsets_, extended_lengths_);
  } else if (count > 1) {
    basic_table_.resize(4 * count);
  }
  begin_file();
  write_header(kPixelData, "OB", kUndefined);
  write_item_header(kItemTag, static_cast<uint32_t>(basic_table_.size()), put_bytes);
  const uint64_t table_position = written_;
  put(basic_table_);
  uint64_t offset = 0;
  uint64_t compressed = 0;
  for (uint64_t n = 0;;) {
    if (frame.bytes.size() > kLongestValue) throw Error(HILUM_E_TOO_LARGE, "a frame of more than 4 GB");
    note_offset(n, offset, frame.bytes.size());
    write_item_header(kItemTag, static_cast<uint32_t>(frame.bytes.size()), put_bytes);
    put(frame.bytes);
    compressed += frame.bytes.size();
    offset += kItemHeader + frame.bytes.size();
    if (++n == count) break;
    frame = codecs_.encode(to_, interleaved_frame(raw_frame(reader, n)), options_.lossy_quality);
    check_same(format, frame.format, n);
  }
  write_item_header(kSequenceEnd, 0, put_bytes);
  if (!basic_table_.empty()) out_.overwrite(table_position, basic_table_);
  if (result_.is_lossy) {
    set_lossy_ratio(data_set_, static_cast<double>(raw_size * count) / static_cast<double>(compressed));
  }
  if (!extended_offsets_.empty()) put_extended_table(data_set_, extended_offsets_, extended_lengths_);
  if (result_.is_lossy || !extended_offsets_.empty()) rewrite_front();
}

// The same elements with the values that are known now.
void Job::rewrite_front() {
  uint64_t position = 0;
  write_front([&](std::string_view bytes) {
    out_.overwrite(position, bytes);
    position += bytes.size();
  });
}

}  // namespace

bool Transcoder::is_possible(std::string_view from, std::string_view to) const {
  if (from == to) return true;
  const auto source = find_transfer_syntax(from);
  const auto target = find_transfer_syntax(to);
  if (!target || !is_rewritten(to, *target) || (source && !is_rewritten(from, *source))) return false;
  const bool is_compressed = !source || source->encapsulated;
  return (!is_compressed || codecs_.can_decode(from)) && (!target->encapsulated || codecs_.can_encode(to));
}

Transcoded Transcoder::transcode(const ByteSource& file, std::string_view to, const TranscodeOptions& options,
                                 FileOutput& out) const {
  ParsedInstance header = parse_file(file);
  add_elements_behind_pixel_data(header, file);
  return transcode(header, file, to, options, out);
}

Transcoded Transcoder::transcode(ParsedInstance& header, const ByteSource& file, std::string_view to,
                                 const TranscodeOptions& options, FileOutput& out) const {
  if (!is_registered_transfer_syntax(to) && to != header.transfer_syntax) {
    throw Error(HILUM_E_OUT_OF_RANGE, "Unknown transfer syntax: " + std::string(to.substr(0, 64)));
  }
  if (options.lossy_quality < 1 || options.lossy_quality > 100) {
    throw Error(HILUM_E_OUT_OF_RANGE,
                "the lossy quality must be 1 to 100, not " + std::to_string(options.lossy_quality));
  }
  return Job(codecs_, header, file, to, options, out).run();
}

}  // namespace hilum::dicom
