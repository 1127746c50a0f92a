// Where the value of Pixel Data lies in a file, its bytes as they are, and what stands behind it.
#pragma once

#include <hilum/dicom/byte_source.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/transfer_syntax.h>

#include <cstdint>
#include <optional>

#include "data_set_writer.h"

namespace hilum::dicom {

// Of the Pixel Data of a file that parse_file() has accepted and that has one. Views of `file`. One thread.
class PixelValueBytes {
 public:
  PixelValueBytes(const ByteSource& file, const ParsedInstance& header);

  // No length: a sequence of fragments.
  const std::optional<uint64_t>& length() const { return length_; }
  // The value as it is stored, in pieces of an even length that is at most 256 KB; fragments with their delimiter.
  void copy(const PutBytes& put) const;
  // What stands behind it, to the end of the file.
  std::string behind() const;
  const TransferSyntax& syntax() const { return syntax_; }

 private:
  uint64_t end() const;

  const ByteSource source_;  // the data set
  TransferSyntax syntax_;
  uint64_t offset_ = 0;  // of the value; in the inflated data set, if it is deflated
  std::optional<uint64_t> length_;
};

}  // namespace hilum::dicom
