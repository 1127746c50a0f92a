// What was found out about images of several frames, kept from one request to the next.
#pragma once

#include <hilum/dicom/frames.h>
#include <hilum/dicom/working_image.h>
#include <hilum/rest/stored_file.h>

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace hilum::images {

// The header of an image and where its frames are. Holds no file open: `file` is lent for the time of a request. One
// thread at a time; the address is fixed.
class ImageFacts {
 public:
  ImageFacts(dicom::ParsedInstance image_header, bool with_values)
      : header(std::move(image_header)),
        has_values(with_values),
        read([this](uint64_t offset, void* to, size_t count) {
          return file->blob().read(offset, to, count);
        }) {}
  ImageFacts(const ImageFacts&) = delete;
  ImageFacts& operator=(const ImageFacts&) = delete;

  const dicom::ParsedInstance header;
  const bool has_values;  // functional groups, too
  rest::StoredFile* file = nullptr;
  const dicom::ReadAt read;
  std::optional<dicom::FrameReader> frames;
  std::optional<dicom::Palette> palette;
};

// A few of them, by the UUID of the attachment, whose content never changes: viewers ask for one frame after the other.
// Whoever uses one takes it out; two requests at once make two. Thread-safe.
class ImageCache {
 public:
  std::unique_ptr<ImageFacts> take(std::string_view uuid);
  // Only what is worth it: several frames, and a header of ordinary size.
  void put(std::string_view uuid, std::unique_ptr<ImageFacts> facts);

 private:
  static constexpr size_t kEntries = 8;

  struct Entry {
    std::string uuid;
    std::unique_ptr<ImageFacts> facts;
  };

  std::mutex mutex_;
  std::list<Entry> entries_;  // the latest first
};

}  // namespace hilum::images
