// Main DICOM tags read again from the files.
#pragma once

#include "family.h"

namespace hilum::resources {

void reconstruct(Call& call);  // POST /{level}/{id}/reconstruct

}  // namespace hilum::resources
