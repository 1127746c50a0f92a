// An uploaded ZIP archive.
#include <unistd.h>

#include "core/ingest/content.h"
#include "core/ingest/zip_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr uint64_t kLimit = 3 << 20;
  const dicom::ByteSource source(data, size);
  ingest::is_zip(source);
  int entries = 0;
  fuzz::accepted([&] {
    ingest::for_each_zip_entry(source, kLimit, "/tmp", [&](const std::string&, ingest::Bytes&& content) {
      const ingest::OwnedBytes owned(std::move(content));
      const uint64_t length = ingest::size_of(owned.view());
      fuzz::require(length > 0 && length <= kLimit, "an entry keeps to the limit");
      // Entries may all point at the same bytes: the run is bounded here, in the server by the entries'
      // sizes.
      if (++entries > 50) throw Error(HILUM_E_BAD_FORMAT, "enough");
    });
  });
  return 0;
}
