// The DICOM file itself.
#pragma once

#include <string>

#include "family.h"

namespace hilum::resources {

void get_file(Call& call);  // GET /instances/{id}/file

// Content-Disposition of that answer.
std::string file_disposition(const Call& call, const Blob& blob);

}  // namespace hilum::resources
