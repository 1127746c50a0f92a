// NumPy's array files.
#pragma once

#include <hilum/cpp/http.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::images {

// The header of an .npy file, version 1.0: magic, dtype and shape, padded so that the data begin at a multiple of 64.
std::string npy_header(std::string_view dtype, const std::vector<uint64_t>& shape);

// An .npy file of known size, or an .npz archive with this file as its one member `arr_0`, sent as it is written.
// Begins the answer with the first write; finish() once at the end. On the stack of one request.
class NpyAnswer {
 public:
  NpyAnswer(Answer& answer, uint64_t size, bool compress);
  NpyAnswer(const NpyAnswer&) = delete;
  NpyAnswer& operator=(const NpyAnswer&) = delete;
  ~NpyAnswer();

  void write(std::string_view bytes);
  void finish();

 private:
  class Archive;

  Answer& answer_;
  uint64_t size_;
  std::unique_ptr<Archive> archive_;  // null: not compressed
  bool has_begun_ = false;
};

}  // namespace hilum::images
