// Bodies as gzip streams.
#pragma once

#include <hilum/dicom/transcode.h>
#include <hilum/http_client/message.h>

namespace hilum::peers {

// Throws what reading and writing throw.
void gzip(const http_client::Body& body, dicom::FileOutput& out);

}  // namespace hilum::peers
