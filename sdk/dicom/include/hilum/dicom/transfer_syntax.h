// Facts about transfer syntaxes (PS3.5 section 10, PS3.6 annex A).
#pragma once

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include <optional>
#include <string_view>

namespace hilum::dicom {

inline constexpr std::string_view kImplicitLittleEndian = "1.2.840.10008.1.2";
inline constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";
inline constexpr std::string_view kDeflatedLittleEndian = "1.2.840.10008.1.2.1.99";
inline constexpr std::string_view kExplicitBigEndian = "1.2.840.10008.1.2.2";

struct TransferSyntax {
  E_TransferSyntax dcmtk = EXS_Unknown;  // EXS_Unknown: this build of DCMTK doesn't know it
  bool explicit_vr = true;
  bool big_endian = false;
  bool encapsulated = false;  // pixel data is a sequence of fragments
  bool deflated = false;      // the whole data set is a raw deflate stream
};

// Facts of a transfer syntax that DCMTK knows, or nothing.
std::optional<TransferSyntax> find_transfer_syntax(std::string_view uid);

// Facts of DCMTK's own enumeration.
TransferSyntax transfer_syntax_facts(E_TransferSyntax syntax);

}  // namespace hilum::dicom
