// The tags that stand in the DICOM files.
#pragma once

#include "family.h"

namespace hilum::resources {

void get_tags(Call& call);             // GET /instances/{id}/tags
void get_simplified_tags(Call& call);  // GET /instances/{id}/simplified-tags
void get_header(Call& call);           // GET /instances/{id}/header
void get_instances_tags(Call& call);   // GET /{level}/{id}/instances-tags
void get_shared_tags(Call& call);      // GET /{level}/{id}/shared-tags
void get_module(Call& call);           // GET /{level}/{id}/module, GET /studies/{id}/module-patient

}  // namespace hilum::resources
