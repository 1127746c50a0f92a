#include "core/http/compression.h"

#include <hilum/cpp/error.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

namespace hilum::http {
namespace {

constexpr size_t kPiece = 64 * 1024;
constexpr int kGzipWindow = 15 + 16;  // zlib.h: 16 asks for the gzip format
constexpr int kZlibWindow = 15;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

double weight_of(std::string_view parameters) {
  parameters = trimmed(parameters);
  if (parameters.size() < 2 || (parameters[0] != 'q' && parameters[0] != 'Q') || parameters[1] != '=')
    return 1;
  return std::strtod(std::string(parameters.substr(2, 5)).c_str(), nullptr);
}

struct Inflater {
  Inflater() {
    if (inflateInit2(&stream, kGzipWindow) != Z_OK) throw Error(HILUM_E_NO_MEMORY, "zlib");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream stream{};
};

// Unpacks what stands in the stream's input. True: the end of a gzip member was reached.
bool inflate_piece(z_stream& stream, std::vector<char>& buffer, BodyWriter& out, bool member_ended) {
  while (stream.avail_in > 0) {
    if (member_ended) {  // RFC 1952: a file is a series of members
      inflateReset(&stream);
      member_ended = false;
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
      throw Error(HILUM_E_BAD_FORMAT, "the request body is not gzip, though Content-Encoding says so");
    }
    const size_t got = buffer.size() - stream.avail_out;
    out.append(buffer.data(), got);
    member_ended = result == Z_STREAM_END;
    if (got == 0 && result == Z_BUF_ERROR) break;
  }
  return member_ended;
}

}  // namespace

bool is_compressible(std::string_view content_type) {
  static constexpr std::array<std::string_view, 14> kTypes = {"application/json",
                                                              "application/dicom+json",
                                                              "application/dicom+xml",
                                                              "application/xml",
                                                              "application/javascript",
                                                              "application/pdf",
                                                              "application/wasm",
                                                              "text/css",
                                                              "text/html",
                                                              "text/javascript",
                                                              "text/plain",
                                                              "text/xml",
                                                              "image/x-portable-arbitrarymap",
                                                              "image/svg+xml"};
  const std::string_view type = trimmed(content_type.substr(0, content_type.find(';')));
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](std::string_view known) { return equal_ignoring_case(known, type); });
}

AnswerRules::Coding choose_coding(std::string_view accept_encoding) {
  double gzip = 0;
  double deflate = 0;
  while (!accept_encoding.empty()) {
    const std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(item.size() + 1, accept_encoding.size()));
    const size_t semicolon = item.find(';');
    const double weight = semicolon == std::string_view::npos ? 1 : weight_of(item.substr(semicolon + 1));
    const std::string_view name = trimmed(item.substr(0, semicolon));
    if (equal_ignoring_case(name, "gzip") || equal_ignoring_case(name, "x-gzip")) gzip = weight;
    if (equal_ignoring_case(name, "deflate")) deflate = weight;
  }
  if (gzip > 0 && gzip >= deflate) return AnswerRules::Coding::kGzip;
  return deflate > 0 ? AnswerRules::Coding::kDeflate : AnswerRules::Coding::kNone;
}

std::string_view coding_name(AnswerRules::Coding coding) {
  return coding == AnswerRules::Coding::kGzip ? "gzip" : "deflate";
}

std::string compress(std::string_view body, AnswerRules::Coding coding) {
  z_stream stream{};
  const int window = coding == AnswerRules::Coding::kGzip ? kGzipWindow : kZlibWindow;
  // Level 1: the answers are made on the fly, and two thirds of the gain cost a quarter of the time.
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw Error(HILUM_E_NO_MEMORY, "zlib");
  }
  std::string packed;
  std::vector<char> buffer(kPiece);
  size_t offset = 0;
  int result = Z_OK;
  while (result == Z_OK || result == Z_BUF_ERROR) {
    if (stream.avail_in == 0 && offset < body.size()) {
      const size_t n = std::min<size_t>(body.size() - offset, size_t{1} << 30);
      stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(body.data() + offset));
      stream.avail_in = static_cast<uInt>(n);
      offset += n;
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    result = deflate(&stream, offset == body.size() ? Z_FINISH : Z_NO_FLUSH);
    packed.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  if (result != Z_STREAM_END) throw Error(HILUM_E_INTERNAL, "zlib cannot compress an answer");
  return packed;
}

Body gunzip(const Body& packed, const BodyLimits& limits) {
  Inflater inflater;
  BodyWriter out(limits);
  std::vector<char> input(kPiece);
  std::vector<char> buffer(kPiece);
  bool member_ended = false;
  for (uint64_t offset = 0; offset < packed.size();) {
    const size_t n = packed.read(offset, input.data(), input.size());
    inflater.stream.next_in = reinterpret_cast<Bytef*>(input.data());
    inflater.stream.avail_in = static_cast<uInt>(n);
    member_ended = inflate_piece(inflater.stream, buffer, out, member_ended);
    offset += n;
  }
  if (!member_ended) throw Error(HILUM_E_BAD_FORMAT, "the gzip request body is cut short");
  return out.finish();
}

}  // namespace hilum::http
