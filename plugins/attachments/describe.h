// What is known of attachments without reading them.
#pragma once

#include "family.h"

namespace hilum::attachments {

void list_attachments(Call& call);
void list_operations(Call& call);
void get_size(Call& call);
void get_stored_size(Call& call);
void get_md5(Call& call);
void get_stored_md5(Call& call);
void get_is_compressed(Call& call);
void get_info(Call& call);

}  // namespace hilum::attachments
