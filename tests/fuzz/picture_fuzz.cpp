// PNG, JPEG and PAM pictures of /tools/create-dicom.
#include "plugins/modification/content.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file(reinterpret_cast<const char*>(data),
                         size);  // on its own, so that reading past its end is seen
  for (const auto decode :
       {&modification::decode_png, &modification::decode_jpeg, &modification::decode_pam}) {
    fuzz::accepted([&] {
      const modification::Picture picture = decode(file);
      fuzz::require(picture.pixels.size() ==
                        size_t{picture.width} * picture.height * picture.samples * (picture.bits / 8u),
                    "a picture has all of its pixels");
    });
  }
  fuzz::accepted([&] {
    const modification::Picture header = modification::read_jpeg_header(file);
    fuzz::require(header.width <= 65535 && header.height <= 65535, "sizes are those of JPEG");
  });
  return 0;
}
