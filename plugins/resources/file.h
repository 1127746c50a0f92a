// The DICOM file itself.
#pragma once

#include "family.h"

namespace hilum::resources {

void get_file(Call& call);  // GET /instances/{id}/file

}  // namespace hilum::resources
