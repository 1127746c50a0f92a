// Which transfer syntaxes are accepted for storage.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dimse {

// The transfer syntaxes that can be configured, in the order of the DICOM registry (PS3.6 table A-1).
const std::vector<std::string_view>& known_transfer_syntaxes();

// XxxTransferSyntaxAccepted of the configuration: true adds the group's syntaxes, false removes them, absent
// leaves them.
struct TransferSyntaxGroups {
  std::optional<bool> deflated;
  std::optional<bool> jpeg;           // baseline to lossless
  std::optional<bool> jpeg_lossless;  // JPEG-LS, by its traditional name
  std::optional<bool> jpeg2000;
  std::optional<bool> jpip;
  std::optional<bool> mpeg2;
  std::optional<bool> mpeg4;
  std::optional<bool> h265;
  std::optional<bool> rle;
};

// Expands patterns (* and ?) over the known syntaxes, then applies the groups; in the order of the registry.
std::vector<std::string> accepted_transfer_syntaxes(const std::vector<std::string>& patterns,
                                                    const TransferSyntaxGroups& groups = {});

}  // namespace hilum::dimse
