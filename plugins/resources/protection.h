// Patients that recycling must spare.
#pragma once

#include "family.h"

namespace hilum::resources {

void get_protected(Call& call);  // GET /patients/{id}/protected
void put_protected(Call& call);  // PUT

}  // namespace hilum::resources
