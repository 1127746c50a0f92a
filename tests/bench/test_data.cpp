#include "test_data.h"

#include <algorithm>
#include <cstdio>

namespace bench {
namespace {

template <typename Number>
void little_endian(std::string& out, Number value) {
  for (size_t i = 0; i < sizeof value; ++i) out += static_cast<char>(value >> (8 * i));
}

// An element in explicit VR little endian (PS3.5, 7.1.2).
void element(std::string& out, uint32_t tag, std::string_view vr, std::string_view value) {
  const bool odd = value.size() % 2 != 0;
  little_endian(out, static_cast<uint16_t>(tag >> 16));
  little_endian(out, static_cast<uint16_t>(tag & 0xffff));
  out += vr;
  const size_t length = value.size() + (odd ? 1 : 0);
  if (vr == "OB" || vr == "OW" || vr == "UN" || vr == "SQ") {
    little_endian(out, uint16_t{0});
    little_endian(out, static_cast<uint32_t>(length));
  } else {
    little_endian(out, static_cast<uint16_t>(length));
  }
  out += value;
  if (odd) out += vr == "UI" || vr == "OB" ? '\0' : ' ';
}

void number(std::string& out, uint32_t tag, unsigned value) {
  std::string bytes;
  little_endian(bytes, static_cast<uint16_t>(value));
  element(out, tag, "US", bytes);
}

std::string uid(int level, uint32_t run, uint64_t number) {
  char text[64];
  std::snprintf(text, sizeof text, "2.25.9%d%08u%010llu", level, run % 100'000'000,
                static_cast<unsigned long long>(number));
  return text;
}

std::string digits(const char* format, uint64_t number) {
  char text[64];
  std::snprintf(text, sizeof text, format, static_cast<unsigned long long>(number));
  return text;
}

std::string meta_header(const std::string& sop_instance) {
  std::string group;
  element(group, 0x00020001, "OB", std::string_view("\0\1", 2));
  element(group, 0x00020002, "UI", kSopClass);
  element(group, 0x00020003, "UI", sop_instance);
  element(group, 0x00020010, "UI", kTransferSyntax);
  element(group, 0x00020012, "UI", "2.25.930271");
  std::string out(128, '\0');
  out += "DICM";
  std::string length;
  little_endian(length, static_cast<uint32_t>(group.size()));
  element(out, 0x00020000, "UL", length);
  return out + group;
}

void acquisition(std::string& out) {
  element(out, 0x00180015, "CS", "CHEST");
  element(out, 0x00180022, "CS", "HELICAL MODE");
  element(out, 0x00180050, "DS", "1.250000");
  element(out, 0x00180060, "DS", "120");
  element(out, 0x00180090, "DS", "360.000000");
  element(out, 0x00181020, "LO", "bench 1.0");
  element(out, 0x00181030, "LO", "CHEST ROUTINE");
  element(out, 0x00181100, "DS", "360.000000");
  element(out, 0x00181110, "DS", "1099.3100585938");
  element(out, 0x00181111, "DS", "630.000000");
  element(out, 0x00181120, "DS", "0.000000");
  element(out, 0x00181130, "DS", "133.699997");
  element(out, 0x00181140, "CS", "CW");
  element(out, 0x00181150, "IS", "1601");
  element(out, 0x00181151, "IS", "170");
  element(out, 0x00181152, "IS", "170");
  element(out, 0x00181160, "SH", "LARGE BOWTIE FIL");
  element(out, 0x00181190, "DS", "0.700000");
  element(out, 0x00181210, "SH", "STANDARD");
  element(out, 0x00185100, "CS", "FFS");
}

// As scanners do, some of it is private.
void private_group(std::string& out) {
  element(out, 0x00090010, "LO", "GEMS_IDEN_01");
  element(out, 0x00091001, "LO", "GE_GENESIS_FF");
  element(out, 0x00091002, "SH", "CT01");
  element(out, 0x00091004, "SH", "HiSpeed CT/i");
  element(out, 0x000910e3, "UI", "1.2.840.113619.1.1.1");
}

}  // namespace

Generator::Generator(Size size, uint32_t run) : run_(run) {
  rows_ = size == Size::kSmall ? 32 : 512;
  columns_ = size == Size::kSmall ? 64 : 512;
  frames_ = size == Size::kLarge ? 400 : 1;
  pixels_.resize(size_t{2} * rows_ * columns_ * frames_);
  uint64_t state = 88172645463325252ull;  // xorshift64: no two slices alike, not compressible to nothing
  for (size_t i = 0; i + 8 <= pixels_.size(); i += 8) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    for (size_t k = 0; k < 8; ++k)
      pixels_[i + k] = static_cast<char>((state >> (8 * k)) & (k % 2 ? 0x07 : 0xff));
  }
}

Instance Generator::make(uint64_t n) const {
  static constexpr const char* kNames[] = {"SMITH", "JONES", "GARCIA", "MULLER", "TANAKA",
                                           "ROSSI", "NOVAK", "DUBOIS", "SILVA",  "KIM"};
  const uint64_t study = n / 20, series = n / 10;
  Instance instance;
  instance.sop_instance = uid(3, run_, n);
  std::string& out = instance.head;
  out.reserve(2048);
  out = meta_header(instance.sop_instance);
  instance.data_set = out.size();
  element(out, 0x00080005, "CS", "ISO_IR 100");
  element(out, 0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
  element(out, 0x00080016, "UI", kSopClass);
  element(out, 0x00080018, "UI", instance.sop_instance);
  const std::string date = digits("2024%04llu", (study % 12 + 1) * 100 + study / 12 % 28 + 1);
  element(out, 0x00080020, "DA", date);
  element(out, 0x00080021, "DA", date);
  element(out, 0x00080022, "DA", date);
  element(out, 0x00080030, "TM", "112749");
  element(out, 0x00080050, "SH", digits("A%09llu", study));
  element(out, 0x00080060, "CS", "CT");
  element(out, 0x00080070, "LO", "GE MEDICAL SYSTEMS");
  element(out, 0x00080080, "LO", "GENERAL HOSPITAL");
  element(out, 0x00080090, "PN", "REFERRING^DOCTOR");
  element(out, 0x00081010, "SH", "CT01_OC0");
  element(out, 0x00081030, "LO", "CHEST WITH CONTRAST");
  element(out, 0x0008103e, "LO", "AXIAL 1.25 MM");
  element(out, 0x00081090, "LO", "RHAPSODE");
  private_group(out);
  element(
      out, 0x00100010, "PN",
      std::string(kNames[study % 10]) + digits("^P%08llu", run_ % 100'000'000) + digits("N%09llu", study));
  element(out, 0x00100020, "LO", digits("BENCH%08llu", run_ % 100'000'000) + digits("-%09llu", study));
  element(out, 0x00100030, "DA", "19600101");
  element(out, 0x00100040, "CS", study % 2 ? "F" : "M");
  element(out, 0x00101010, "AS", "064Y");
  acquisition(out);
  element(out, 0x0020000d, "UI", uid(1, run_, study));
  element(out, 0x0020000e, "UI", uid(2, run_, series));
  element(out, 0x00200010, "SH", digits("S%08llu", study));
  element(out, 0x00200011, "IS", digits("%llu", series % 2 + 1));
  element(out, 0x00200012, "IS", "1");
  element(out, 0x00200013, "IS", digits("%llu", n % 10 + 1));
  element(out, 0x00200032, "DS", digits("-158.135803\\-179.035797\\-%llu.25", n % 10));
  element(out, 0x00200037, "DS", "1.000000\\0.000000\\0.000000\\0.000000\\1.000000\\0.000000");
  element(out, 0x00200052, "UI", uid(4, run_, study));
  element(out, 0x00201041, "DS", digits("-%llu.25", n % 10));
  number(out, 0x00280002, 1);
  element(out, 0x00280004, "CS", "MONOCHROME2");
  if (frames_ > 1) element(out, 0x00280008, "IS", digits("%llu", frames_));
  number(out, 0x00280010, rows_);
  number(out, 0x00280011, columns_);
  element(out, 0x00280030, "DS", "0.661468\\0.661468");
  number(out, 0x00280100, 16);
  number(out, 0x00280101, 12);
  number(out, 0x00280102, 11);
  number(out, 0x00280103, 0);
  element(out, 0x00281052, "DS", "-1024");
  element(out, 0x00281053, "DS", "1");
  element(out, 0x7fe00010, "OW", "");
  out.resize(out.size() - 4);
  little_endian(out, static_cast<uint32_t>(pixels_.size()));
  instance.pixels = pixels_;
  return instance;
}

}  // namespace bench
