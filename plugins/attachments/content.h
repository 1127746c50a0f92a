// The bytes of attachments.
#pragma once

#include "family.h"

namespace hilum::attachments {

void get_data(Call& call);
void get_stored_data(Call& call);
void verify_md5(Call& call);

}  // namespace hilum::attachments
