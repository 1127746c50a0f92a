// Writing attachments.
#pragma once

#include "family.h"

namespace hilum::attachments {

void put_attachment(Call& call);
void delete_attachment(Call& call);
void compress(Call& call);
void uncompress(Call& call);

}  // namespace hilum::attachments
