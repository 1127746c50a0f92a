#include "upper_layer.h"

#include <algorithm>
#include <stdexcept>

namespace bench {
namespace {

constexpr size_t kOurPdu = 131072;
constexpr int kContext = 1;
constexpr unsigned kNoDataSet = 0x0101;

void big16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void big32(std::string& out, size_t value) {
  big16(out, value >> 16 & 0xffff);
  big16(out, value & 0xffff);
}

void little16(std::string& out, uint32_t value) {
  out += static_cast<char>(value);
  out += static_cast<char>(value >> 8);
}

void little32(std::string& out, uint32_t value) {
  little16(out, value & 0xffff);
  little16(out, value >> 16);
}

uint32_t unsigned_at(std::string_view bytes, size_t at, size_t size, bool big) {
  if (at + size > bytes.size()) throw std::runtime_error("a PDU of the peer is too short");
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    value = value << 8 | static_cast<uint8_t>(bytes[big ? at + i : at + size - 1 - i]);
  }
  return value;
}

std::string item(int type, const std::string& body) {
  std::string out{static_cast<char>(type), '\0'};
  big16(out, body.size());
  return out + body;
}

std::string pdv_head(size_t size, int flags) {
  std::string out{4, 0};
  big32(out, size + 6);
  big32(out, size + 2);
  out += static_cast<char>(kContext);
  out += static_cast<char>(flags);
  return out;
}

std::string padded(std::string text) {
  text.resize(16, ' ');
  return text;
}

}  // namespace

void implicit_element(std::string& out, uint32_t tag, std::string value, char padding) {
  if (value.size() % 2 != 0) value += padding;
  little16(out, tag >> 16);
  little16(out, tag & 0xffff);
  little32(out, static_cast<uint32_t>(value.size()));
  out += value;
}

std::string command_set(std::string_view sop_class, unsigned field, unsigned id,
                        std::string_view sop_instance) {
  const auto number = [](unsigned value) {
    std::string bytes;
    little16(bytes, value);
    return bytes;
  };
  constexpr unsigned kEcho = 0x0030;
  std::string body;
  implicit_element(body, 0x00000002, std::string(sop_class), '\0');
  implicit_element(body, 0x00000100, number(field), '\0');
  implicit_element(body, 0x00000110, number(id), '\0');
  if (field != kEcho) implicit_element(body, 0x00000700, number(0), '\0');
  implicit_element(body, 0x00000800, number(field == kEcho ? kNoDataSet : 1), '\0');
  if (!sop_instance.empty()) implicit_element(body, 0x00001000, std::string(sop_instance), '\0');
  std::string length, out;
  little32(length, static_cast<uint32_t>(body.size()));
  implicit_element(out, 0x00000000, length, '\0');
  return out + body;
}

Association::Association(const std::string& host, int port, const std::string& called,
                         std::string_view abstract_syntax, std::string_view transfer_syntax)
    : socket_(host, port) {
  std::string context{static_cast<char>(kContext), 0, 0, 0};
  context += item(0x30, std::string(abstract_syntax)) + item(0x40, std::string(transfer_syntax));
  std::string length;
  big32(length, kOurPdu);
  std::string body{0, 1, 0, 0};
  body += padded(called) + padded("BENCH") + std::string(32, '\0');
  body += item(0x10, "1.2.840.10008.3.1.1.1") + item(0x20, context) +
          item(0x50, item(0x51, length) + item(0x52, "2.25.930271") + item(0x55, "BENCH"));
  std::string head{1, 0};
  big32(head, body.size());
  socket_.send({piece_of(head), piece_of(body)});

  int type = 0;
  const std::string answer(pdu(&type));
  if (type != 2) throw std::runtime_error("the association was refused");
  bool accepted = false;
  for (size_t at = 68; at + 4 <= answer.size();) {
    const size_t size = unsigned_at(answer, at + 2, 2, true);
    if (answer[at] == 0x21) accepted = answer.at(at + 6) == 0;
    if (answer[at] == 0x50) {
      for (size_t sub = at + 4; sub + 4 <= at + 4 + size; sub += 4 + unsigned_at(answer, sub + 2, 2, true)) {
        if (answer.at(sub) == 0x51) max_pdu_ = unsigned_at(answer, sub + 4, 4, true);
      }
    }
    at += 4 + size;
  }
  if (!accepted) throw std::runtime_error("the presentation context was not accepted");
  if (max_pdu_ == 0 || max_pdu_ > kOurPdu) max_pdu_ = kOurPdu;
}

std::string_view Association::pdu(int* type) {
  const std::string_view head = socket_.take(6);
  *type = head[0];
  return socket_.take(unsigned_at(head, 2, 4, true));
}

// One write for the command and the data set, which is cut in PDUs of the peer's size without being copied.
void Association::request(const std::string& command, std::string_view data, std::string_view more) {
  const std::string first = pdv_head(command.size(), 3) + command;
  std::vector<iovec> pieces{piece_of(first)};
  const size_t step = max_pdu_ - 6;
  size_t left = data.size() + more.size();
  std::vector<std::string> heads;
  heads.reserve(left / step + 1);  // the pieces point into them
  while (left > 0) {
    const size_t size = std::min(step, left);
    heads.push_back(pdv_head(size, size == left ? 2 : 0));
    pieces.push_back(piece_of(heads.back()));
    for (size_t want = size; want > 0;) {
      std::string_view& source = data.empty() ? more : data;
      const size_t part = std::min(want, source.size());
      pieces.push_back(piece_of(source.substr(0, part)));
      source.remove_prefix(part);
      want -= part;
    }
    left -= size;
  }
  socket_.send(std::move(pieces));
}

Association::Reply Association::reply() {
  Reply reply;
  std::string command;
  for (bool in_data = false;;) {
    if (pending_.empty()) {
      int type = 0;
      pending_ = pdu(&type);
      if (type != 4) throw std::runtime_error("the association was ended by the peer");
    }
    const size_t length = unsigned_at(pending_, 0, 4, true);
    const int flags = pending_.at(5);
    const std::string part = pending_.substr(6, length - 2);
    pending_.erase(0, 4 + length);
    const bool last = (flags & 2) != 0;
    if (in_data) {
      reply.data_bytes += part.size();
      if (last) return reply;
      continue;
    }
    command += part;
    if (!last) continue;
    for (size_t at = 0; at + 8 <= command.size(); at += 8 + unsigned_at(command, at + 4, 4, false)) {
      const uint32_t element = unsigned_at(command, at + 2, 2, false);
      if (element == 0x0900) reply.status = unsigned_at(command, at + 8, 2, false);
      if (element == 0x0800) in_data = unsigned_at(command, at + 8, 2, false) != kNoDataSet;
    }
    if (!in_data) return reply;
  }
}

void Association::release() {
  std::string out{5, 0};
  big32(out, 4);
  big32(out, 0);
  socket_.send({piece_of(out)});
  int type = 0;
  pdu(&type);
}

}  // namespace bench
