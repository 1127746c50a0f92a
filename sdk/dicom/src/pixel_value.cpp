#include "pixel_value.h"

#include <dcmtk/dcmdata/dcelem.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/transcode.h>

#include <algorithm>

#include "cursor.h"
#include "element_header.h"
#include "fragments.h"

namespace hilum::dicom {
namespace {

constexpr size_t kPiece = 256 * 1024;
constexpr uint64_t kMostBehind = uint64_t{256} << 20;
constexpr uint64_t kItemHeaderSize = 8;
constexpr Tag kDigitalSignatures = 0xfffafffa;
constexpr Tag kTrailingPadding = 0xfffcfffc;

[[noreturn]] void refuse(const std::string& why) { throw Error(HILUM_E_BAD_FORMAT, "pixel data: " + why); }

}  // namespace

PixelValueBytes::PixelValueBytes(const ByteSource& file, const ParsedInstance& header)
    : source_(file.part(header.data_set_offset)) {
  const Structure structure = scan_file(file);
  if (!structure.has_pixel_data) refuse("there is none");
  syntax_ = structure.syntax;
  const uint64_t begin = syntax_.deflated ? 0 : structure.data_set_offset;
  offset_ = structure.pixel_value_offset - begin;
  length_ = structure.pixel_data_length;
}

uint64_t PixelValueBytes::end() const {
  if (length_) return offset_ + *length_;
  if (syntax_.deflated) refuse("fragments in a deflated file");
  uint64_t position = offset_;
  ItemHeaders headers(source_);
  while (const auto length = headers.length_at(position)) position += kItemHeaderSize + *length;
  // The delimiter, which may be missing at the end of a file.
  return std::min(position + kItemHeaderSize, source_.size());
}

void PixelValueBytes::copy(const PutBytes& put) const {
  Cursor cursor(source_, syntax_.deflated, kMaximumInflatedSize);
  uint64_t left = end() - offset_;
  if (!cursor.skip(offset_)) refuse("it is cut off");
  std::string piece;
  while (left > 0) {
    piece.resize(static_cast<size_t>(std::min<uint64_t>(kPiece, left)));
    if (cursor.read(piece.data(), piece.size()) < piece.size()) refuse("it is cut off");
    put(piece);
    left -= piece.size();
  }
}

std::string PixelValueBytes::behind() const {
  Cursor cursor(source_, syntax_.deflated, kMaximumInflatedSize);
  std::string bytes;
  if (!cursor.skip(end())) return bytes;
  while (cursor.drain(bytes)) {
    if (bytes.size() > kMostBehind) {
      throw Error(HILUM_E_TOO_LARGE,
                  "more than " + std::to_string(kMostBehind) + " bytes stand behind the pixel data");
    }
  }
  return bytes;
}

void add_elements_behind_pixel_data(ParsedInstance& header, const ByteSource& file) {
  if (!header.has_pixel_data) return;
  const PixelValueBytes value(file, header);
  const std::string bytes = value.behind();
  if (bytes.empty()) return;
  const TransferSyntax& syntax = value.syntax();
  const std::string_view uid = syntax.big_endian    ? kExplicitBigEndian
                               : syntax.explicit_vr ? kExplicitLittleEndian
                                                    : kImplicitLittleEndian;
  const ParsedInstance behind =
      parse_data_set(ByteSource(bytes.data(), bytes.size()), uid, ParseOptions{true, nullptr});
  DcmDataset& from = behind.data_set();
  while (DcmElement* element = from.getElement(0)) {
    std::unique_ptr<DcmElement> owned(from.remove(element));
    const Tag tag = make_tag(owned->getGTag(), owned->getETag());
    if (tag <= kPixelData || tag == kDigitalSignatures || tag == kTrailingPadding) continue;
    if (header.data_set().insert(owned.get(), OFTrue).good()) (void)owned.release();
  }
}

}  // namespace hilum::dicom
