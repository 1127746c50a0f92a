// Values of the index, as a damaged database file would give them.
#include "core/index/records.h"
#include "core/ingest/description.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

namespace {

// What could be decoded is encoded again: that must be readable, and stay the same from then on.
template <typename Decode, typename Encode>
void check(std::string_view bytes, Decode&& decode, Encode&& encode) {
  std::string once;
  if (fuzz::accepted([&] { once = encode(decode(bytes)); })) {
    fuzz::require(encode(decode(once)) == once, "a record survives being written again");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  using namespace index;
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      check(
          bytes, [](auto b) { return decode_resource(7, b); },
          [](const auto& v) { return encode_resource(v); });
      break;
    case 1:
      check(bytes, decode_counters, encode_counters);
      break;
    case 2:
      check(bytes, decode_totals, encode_totals);
      break;
    case 3:
      check(
          bytes, [](auto b) { return decode_metadata(1024, b); }, encode_metadata);
      break;
    case 4:
      check(
          bytes, [](auto b) { return decode_change(5, b); }, encode_change);
      check(
          bytes, [](auto b) { return decode_export(5, b); }, encode_export);
      break;
    case 5:
      check(bytes, decode_patient_state, encode_patient_state);
      break;
    case 6:
      check(bytes, decode_location, encode_location);
      check(bytes, decode_varint, encode_varint);
      check(bytes, decode_number, encode_number);
      fuzz::accepted([&] { decode_public_id(bytes); });
      break;
    default:
      if (const auto description = ingest::decode_description(bytes)) {
        const std::string once = ingest::encode(*description);
        const auto again = ingest::decode_description(once);
        fuzz::require(again && ingest::encode(*again) == once, "a description survives being written again");
      }
  }
  return 0;
}
