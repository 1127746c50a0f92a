#include <hilum/dicom/transcode.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <array>
#include <string>

namespace hilum::dicom {

std::optional<TransferSyntax> find_transfer_syntax(std::string_view uid) {
  // DCMTK has entries without UID for what it guesses.
  if (uid.empty()) return std::nullopt;
  const DcmXfer xfer(std::string(uid).c_str());
  if (xfer.getXfer() == EXS_Unknown) return std::nullopt;
  return transfer_syntax_facts(xfer.getXfer());
}

bool is_registered_transfer_syntax(std::string_view uid) {
  // Newer than this DCMTK: HTJ2K, JPIP HTJ2K, fragmentable video, video over IP, JPEG XL (PS3.6 table A-1); older ones.
  constexpr std::array<std::string_view, 22> kOthers = {
      "1.2.840.10008.1.2.4.201",   "1.2.840.10008.1.2.4.202",   "1.2.840.10008.1.2.4.203",
      "1.2.840.10008.1.2.4.204",   "1.2.840.10008.1.2.4.205",   "1.2.840.10008.1.2.4.100.1",
      "1.2.840.10008.1.2.4.101.1", "1.2.840.10008.1.2.4.102.1", "1.2.840.10008.1.2.4.103.1",
      "1.2.840.10008.1.2.4.104.1", "1.2.840.10008.1.2.4.105.1", "1.2.840.10008.1.2.4.106.1",
      "1.2.840.10008.1.2.4.110",   "1.2.840.10008.1.2.4.111",   "1.2.840.10008.1.2.4.112",
      "1.2.840.10008.1.2.6.1",     "1.2.840.10008.1.2.6.2",     "1.2.840.10008.1.2.7.1",
      "1.2.840.10008.1.2.7.2",     "1.2.840.10008.1.2.7.3",     "1.2.840.10008.1.2.8.1",
      "1.2.840.10008.1.20"};
  constexpr std::string_view kDicom = "1.2.840.10008.";
  if (uid.substr(0, kDicom.size()) != kDicom) return false;
  return std::find(kOthers.begin(), kOthers.end(), uid) != kOthers.end() ||
         find_transfer_syntax(uid).has_value();
}

bool is_lossy_transfer_syntax(std::string_view uid) {
  constexpr std::string_view kCompressed = "1.2.840.10008.1.2.4.";
  // JPEG processes, JPEG-LS, JPEG 2000, JPEG XL, HTJ2K (PS3.5 section 10).
  constexpr std::array<std::string_view, 27> kLossy = {
      "50", "51", "52", "53", "54",  "55",  "56",  "59",  "60",  "61",  "62",  "63",  "64", "81",
      "91", "93", "95", "94", "100", "101", "102", "103", "104", "105", "106", "112", "203"};
  return uid.substr(0, kCompressed.size()) == kCompressed &&
         std::find(kLossy.begin(), kLossy.end(), uid.substr(kCompressed.size())) != kLossy.end();
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
