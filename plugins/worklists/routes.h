// The entries over REST: /worklists.
#pragma once

#include <hilum/cpp/http.h>
#include <hilum/dicom/charset.h>

#include <functional>

#include "store.h"

namespace hilum::worklists {

// What the routes need; lives as long as they.
struct RouteContext {
  Store& store;
  std::function<dicom::Encoding()> default_encoding;
  bool adds_study_instance_uid = true;  // SetStudyInstanceUidIfMissing
};

void add_routes(Routes& routes, const RouteContext& context);

}  // namespace hilum::worklists
