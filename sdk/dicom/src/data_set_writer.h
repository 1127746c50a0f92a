// Data sets as bytes, in pieces.
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <hilum/dicom/tag.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

struct z_stream_s;

namespace hilum::dicom {

using PutBytes = std::function<void(std::string_view)>;

// The elements of a data set; sequences and items with undefined length, group lengths and padding are taken out of the
// data set. Never deflated. Throws Error(HILUM_E_NOT_IMPLEMENTED) for what cannot be written in this syntax.
void write_elements(DcmDataset& data_set, E_TransferSyntax syntax, const PutBytes& put);

// The header of Pixel Data (or of an Other Word element like it) and of an item.
struct ElementWriting {
  bool explicit_vr = true;
  bool big_endian = false;
};
void write_header(Tag tag, const char* vr, uint32_t length, const ElementWriting& writing,
                  const PutBytes& put);
void write_item_header(Tag tag, uint32_t length, const PutBytes& put);  // little-endian

// Raw deflate (RFC 1951) in front of `put`, as deflated transfer syntaxes have it (PS3.5 section A.5).
class Deflater {
 public:
  explicit Deflater(PutBytes put);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  void add(std::string_view bytes);
  void finish();  // with the byte that makes the length even

 private:
  void run(int flush);

  PutBytes put_;
  std::unique_ptr<z_stream_s> stream_;
  std::vector<char> buffer_;
  uint64_t written_ = 0;
};

}  // namespace hilum::dicom
