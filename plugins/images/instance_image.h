// The image of one stored instance: its header at once, its frames one at a time.
#pragma once

#include <hilum/dicom/frames.h>
#include <hilum/dicom/rendering.h>
#include <hilum/dicom/working_image.h>
#include <hilum/rest/stored_file.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "images.h"

namespace hilum::images {

// A frame that takes more than this, as stored or decoded, is refused.
inline constexpr uint64_t kMaximumFrame = uint64_t{1} << 30;
inline constexpr uint64_t kMaximumSamples = uint64_t{1} << 28;

// On the stack of one request; one thread at a time. Reads the file up to Pixel Data when it is made, unless the cache
// knows the image.
class InstanceImage {
 public:
  // Pixels only, or also what the data set says about their values (rescale_of, window_of).
  enum class Need { Pixels, Values };

  // Throws HILUM_E_UNKNOWN_RESOURCE, HILUM_E_BAD_FORMAT.
  InstanceImage(const Context& context, const Resource& instance, Need need = Need::Pixels);
  InstanceImage(const InstanceImage&) = delete;
  InstanceImage& operator=(const InstanceImage&) = delete;
  ~InstanceImage();

  DcmDataset& data_set() const { return facts_->header.data_set(); }
  const Blob& blob() const { return file_.blob(); }
  // Throws HILUM_E_BAD_FORMAT if there is no image.
  dicom::FrameReader& frames();

  // Frame n from 0, decoded. Throws HILUM_E_OUT_OF_RANGE (no such frame), HILUM_E_BAD_FORMAT (no or too little
  // data), HILUM_E_NOT_IMPLEMENTED (nobody decodes or shows it).
  dicom::WorkingImage frame(uint64_t n);

 private:
  dicom::DecodedFrame decoded(uint64_t n);

  const Context& context_;
  rest::StoredFile file_;
  std::string uuid_;
  std::unique_ptr<ImageFacts> facts_;
  int exceptions_;  // in flight when this was made
};

// {frame} of a path as a number; nothing for what is none. Negative numbers are very large ones, as clients know it.
std::optional<uint64_t> frame_number(std::string_view text);

}  // namespace hilum::images
