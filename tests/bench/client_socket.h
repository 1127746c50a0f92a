// A blocking TCP connection of the load client: gathers what it sends, buffers what it reads.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// Owned by one thread. Failures throw std::runtime_error.
class Socket {
 public:
  Socket(const std::string& host, int port);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  void send(std::vector<iovec> pieces);
  // The next `size` bytes; valid until the next call.
  std::string_view take(size_t size);
  // Reads `size` bytes and forgets them.
  void skip(size_t size);
  // Up to the next CRLF, without it; valid until the next call.
  std::string_view line();

 private:
  void fill(size_t wanted);

  int fd_ = -1;
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

inline iovec piece_of(std::string_view bytes) { return {const_cast<char*>(bytes.data()), bytes.size()}; }

}  // namespace bench
