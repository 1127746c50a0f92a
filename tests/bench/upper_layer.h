// The requesting side of a DICOM association (PS3.8), just as much of it as sending load needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "client_socket.h"

namespace bench {

// One presentation context. Owned by one thread.
class Association {
 public:
  Association(const std::string& host, int port, const std::string& called, std::string_view abstract_syntax,
              std::string_view transfer_syntax);

  struct Reply {
    unsigned status = 0xffff;
    size_t data_bytes = 0;
  };

  // A command with its data set, which is `data` and then `more`; none if both are empty.
  void request(const std::string& command, std::string_view data = {}, std::string_view more = {});
  Reply reply();
  void release();

 private:
  std::string_view pdu(int* type);

  Socket socket_;
  size_t max_pdu_ = 16384;
  std::string pending_;  // what is left of the last P-DATA-TF
};

// A request's command set (PS3.7, 9.3): fields 0x0001 C-STORE, 0x0020 C-FIND, 0x0030 C-ECHO.
std::string command_set(std::string_view sop_class, unsigned field, unsigned id,
                        std::string_view sop_instance = {});

// An element in implicit VR little endian.
void implicit_element(std::string& out, uint32_t tag, std::string value, char padding);

}  // namespace bench
