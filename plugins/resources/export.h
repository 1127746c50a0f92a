// Writing a DICOM file to a folder of the server.
#pragma once

#include "family.h"

namespace hilum::resources {

void export_instance(Call& call);  // POST /instances/{id}/export

}  // namespace hilum::resources
