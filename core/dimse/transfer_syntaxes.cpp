#include "core/dimse/transfer_syntaxes.h"

#include <hilum/dicom/match.h>

#include <algorithm>

namespace hilum::dimse {
namespace {

// What follows "1.2.840.10008.1.2" in the UIDs of a group.
using Suffixes = std::vector<std::string_view>;
constexpr std::string_view kPrefix = "1.2.840.10008.1.2";

const Suffixes& jpeg_suffixes() {
  static const Suffixes suffixes = {".4.50", ".4.51", ".4.52", ".4.53", ".4.54", ".4.55",
                                    ".4.56", ".4.57", ".4.58", ".4.59", ".4.60", ".4.61",
                                    ".4.62", ".4.63", ".4.64", ".4.65", ".4.66", ".4.70"};
  return suffixes;
}

bool has_suffix(std::string_view uid, const Suffixes& suffixes) {
  return uid.size() > kPrefix.size() &&
         std::find(suffixes.begin(), suffixes.end(), uid.substr(kPrefix.size())) != suffixes.end();
}

}  // namespace

const std::vector<std::string_view>& known_transfer_syntaxes() {
  static const std::vector<std::string_view> known = {
      "1.2.840.10008.1.2",        // implicit little endian
      "1.2.840.10008.1.2.1",      // explicit little endian
      "1.2.840.10008.1.2.1.99",   // deflated
      "1.2.840.10008.1.2.2",      // explicit big endian
      "1.2.840.10008.1.2.4.50",   // JPEG
      "1.2.840.10008.1.2.4.51",   //
      "1.2.840.10008.1.2.4.52",   //
      "1.2.840.10008.1.2.4.53",   //
      "1.2.840.10008.1.2.4.54",   //
      "1.2.840.10008.1.2.4.55",   //
      "1.2.840.10008.1.2.4.56",   //
      "1.2.840.10008.1.2.4.57",   //
      "1.2.840.10008.1.2.4.58",   //
      "1.2.840.10008.1.2.4.59",   //
      "1.2.840.10008.1.2.4.60",   //
      "1.2.840.10008.1.2.4.61",   //
      "1.2.840.10008.1.2.4.62",   //
      "1.2.840.10008.1.2.4.63",   //
      "1.2.840.10008.1.2.4.64",   //
      "1.2.840.10008.1.2.4.65",   //
      "1.2.840.10008.1.2.4.66",   //
      "1.2.840.10008.1.2.4.70",   // JPEG lossless, first-order prediction
      "1.2.840.10008.1.2.4.80",   // JPEG-LS
      "1.2.840.10008.1.2.4.81",   //
      "1.2.840.10008.1.2.4.90",   // JPEG 2000
      "1.2.840.10008.1.2.4.91",   //
      "1.2.840.10008.1.2.4.92",   //
      "1.2.840.10008.1.2.4.93",   //
      "1.2.840.10008.1.2.4.94",   // JPIP
      "1.2.840.10008.1.2.4.95",   //
      "1.2.840.10008.1.2.4.100",  // MPEG-2
      "1.2.840.10008.1.2.4.101",  //
      "1.2.840.10008.1.2.4.102",  // MPEG-4
      "1.2.840.10008.1.2.4.103",  //
      "1.2.840.10008.1.2.4.104",  //
      "1.2.840.10008.1.2.4.105",  //
      "1.2.840.10008.1.2.4.106",  //
      "1.2.840.10008.1.2.4.107",  // HEVC
      "1.2.840.10008.1.2.4.108",  //
      "1.2.840.10008.1.2.5",      // RLE
      "1.2.840.10008.1.2.6.1",    // RFC 2557 MIME encapsulation
      "1.2.840.10008.1.2.6.2",    // XML encoding
  };
  return known;
}

std::vector<std::string> accepted_transfer_syntaxes(const std::vector<std::string>& patterns,
                                                    const TransferSyntaxGroups& groups) {
  const std::pair<std::optional<bool>, Suffixes> rules[] = {
      {groups.deflated, {".1.99"}},
      {groups.jpeg, jpeg_suffixes()},
      {groups.jpeg_lossless, {".4.80", ".4.81"}},
      {groups.jpeg2000, {".4.90", ".4.91", ".4.92", ".4.93"}},
      {groups.jpip, {".4.94", ".4.95"}},
      {groups.mpeg2, {".4.100", ".4.101"}},
      {groups.mpeg4, {".4.102", ".4.103", ".4.104", ".4.105", ".4.106"}},
      {groups.h265, {".4.107", ".4.108"}},
      {groups.rle, {".5"}},
  };
  std::vector<std::string> accepted;
  for (const std::string_view uid : known_transfer_syntaxes()) {
    bool is_accepted = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return dicom::wildcard_match(pattern, uid);
    });
    for (const auto& [rule, suffixes] : rules) {
      if (rule && has_suffix(uid, suffixes)) {
        is_accepted = *rule;
      }
    }
    if (is_accepted) {
      accepted.emplace_back(uid);
    }
  }
  return accepted;
}

}  // namespace hilum::dimse
