// Sockets: listening, and the text of addresses.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "core/base/files.h"

namespace hilum::dimse {

// "" listens on all addresses of both families. Throws HILUM_E_DICOM_PORT_IN_USE, HILUM_E_OUT_OF_RANGE.
UniqueFd listen_on(const std::string& address, uint16_t port);
uint16_t local_port(int socket);
// Numeric; IPv4 addresses that come over an IPv6 socket as IPv4.
std::string address_text(const sockaddr_storage& address);

}  // namespace hilum::dimse
