// DICOM instances that the benchmark makes by itself: the same number always gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

enum class Size { kSmall, kCt, kLarge };  // about 5 KB, 525 KB, 200 MB

// One instance: `head` is the file up to the pixels, which all instances of a Generator share.
struct Instance {
  std::string head;
  size_t data_set = 0;  // where it begins in `head`, behind the meta header
  std::string sop_instance;
  std::string_view pixels;

  size_t file_size() const { return head.size() + pixels.size(); }
};

inline constexpr std::string_view kSopClass = "1.2.840.10008.5.1.4.1.1.2";
inline constexpr std::string_view kTransferSyntax = "1.2.840.10008.1.2.1";  // explicit VR little endian

// 10 instances to a series, 2 series to a study, 1 study to a patient. `run` goes into all identifiers, so
// that two runs share nothing. Immutable, any thread.
class Generator {
 public:
  Generator(Size size, uint32_t run);
  Instance make(uint64_t number) const;

 private:
  uint32_t run_;
  unsigned rows_ = 0, columns_ = 0, frames_ = 0;
  std::string pixels_;
};

}  // namespace bench
