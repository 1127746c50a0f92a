#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <openssl/evp.h>

#include <algorithm>

namespace hilum::dicom {
namespace {

constexpr std::string_view kScheme = "data:";
constexpr std::string_view kMarker = ";base64,";

[[noreturn]] void refuse() {
  throw Error(HILUM_E_BAD_FORMAT, "not a data URI of the form data:TYPE;base64,DATA");
}

std::string decode_base64(std::string text) {
  // Line breaks are allowed inside (RFC 2045), nothing else.
  text.erase(std::remove_if(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; }),
             text.end());
  if (text.empty()) return {};
  if (text.size() % 4 != 0 || text.size() > (uint32_t{1} << 30)) refuse();
  size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int count =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (count < 0 || text.find('=') < text.size() - padding) refuse();
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace

bool is_data_uri(std::string_view text) {
  return text.substr(0, kScheme.size()) == kScheme && text.find(kMarker) != std::string_view::npos;
}

DataUri parse_data_uri(std::string_view text) {
  if (!is_data_uri(text)) refuse();
  const size_t marker = text.find(kMarker);
  std::string_view type = text.substr(kScheme.size(), marker - kScheme.size());
  type = type.substr(0, type.find(';'));
  return {std::string(type), decode_base64(std::string(text.substr(marker + kMarker.size())))};
}

}  // namespace hilum::dicom
