#include <hilum/dicom/transfer_syntax.h>

#include <string>

namespace hilum::dicom {

std::optional<TransferSyntax> find_transfer_syntax(std::string_view uid) {
  // DCMTK has entries without UID for what it guesses.
  if (uid.empty()) return std::nullopt;
  const DcmXfer xfer(std::string(uid).c_str());
  if (xfer.getXfer() == EXS_Unknown) return std::nullopt;
  return transfer_syntax_facts(xfer.getXfer());
}

TransferSyntax transfer_syntax_facts(E_TransferSyntax syntax) {
  const DcmXfer xfer(syntax);
  TransferSyntax facts;
  facts.dcmtk = syntax;
  facts.explicit_vr = xfer.isExplicitVR();
  facts.big_endian = xfer.getByteOrder() == EBO_BigEndian;
  facts.encapsulated = xfer.isEncapsulated();
  facts.deflated = xfer.getStreamCompression() == ESC_zlib;
  return facts;
}

}  // namespace hilum::dicom
