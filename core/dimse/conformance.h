// The DICOM conformance statement (PS3.2) of the server, as it is configured at the moment.
#pragma once

#include <string>

namespace hilum::dimse {

class Server;

// Plain text. What is accepted is asked from the rules by which associations are negotiated, so that the two
// cannot differ. From any thread.
std::string conformance_statement(const Server& server);

}  // namespace hilum::dimse
