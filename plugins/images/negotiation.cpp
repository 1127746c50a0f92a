#include "negotiation.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/rendering.h>
#include <hilum/rest/arguments.h>

#include <string>
#include <vector>

namespace hilum::images {

namespace {

constexpr PictureFormat kFormats[] = {PictureFormat::Png, PictureFormat::Jpeg, PictureFormat::Pam};

struct MediaRange {
  std::string_view name;
  double quality = 1;
};

MediaRange parse_range(std::string_view text) {
  MediaRange range;
  const size_t end = text.find(';');
  range.name = rest::strip(text.substr(0, end));
  if (end == std::string_view::npos) return range;
  for (const std::string& part : rest::split(text.substr(end + 1), ';')) {
    const size_t equals = part.find('=');
    if (equals == std::string::npos) continue;
    if (rest::strip(std::string_view(part).substr(0, equals)) != "q") continue;
    const std::string_view number = rest::strip(std::string_view(part).substr(equals + 1));
    const std::optional<double> quality = dicom::parse_decimal(number);
    if (!quality || *quality < 0 || *quality > 1) {
      throw Error(HILUM_E_BAD_REQUEST, "q in the header Accept must be a number from 0 to 1");
    }
    range.quality = *quality;
    break;
  }
  return range;
}

// How exactly a range names a format: 0 to 2; nothing if it does not.
std::optional<int> match_level(std::string_view range, PictureFormat format) {
  if (range == "*/*") return 0;
  if (range == "image/*") return 1;
  if (range == media_type(format)) return 2;
  return std::nullopt;
}

}  // namespace

const char* media_type(PictureFormat format) {
  switch (format) {
    case PictureFormat::Jpeg:
      return "image/jpeg";
    case PictureFormat::Pam:
      return "image/x-portable-arbitrarymap";
    case PictureFormat::Png:
      break;
  }
  return "image/png";
}

std::optional<PictureFormat> negotiate(std::string_view accept) {
  std::optional<PictureFormat> best;
  int best_level = -1;
  double best_quality = 0;
  for (const std::string& text : rest::split(accept, ',')) {
    const MediaRange range = parse_range(text);
    for (const PictureFormat format : kFormats) {
      const std::optional<int> level = match_level(range.name, format);
      if (!level) continue;
      if (*level < best_level || (*level == best_level && range.quality <= best_quality)) continue;
      best = format;
      best_level = *level;
      best_quality = range.quality;
    }
  }
  return best;
}

}  // namespace hilum::images
