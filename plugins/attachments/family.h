// What every handler of this plugin is given: the REST toolbox, and what the plugin itself knows.
#pragma once

#include <hilum/rest/call.h>
#include <hilum/rest/numbered_names.h>

namespace hilum::attachments {

using namespace rest;

// Built once by the plugin, then only read: any thread.
struct Facts : Services {
  explicit Facts(Host plugin_host);

  NumberedNames types;  // names of the types of attachments, MIME types of those of users
  bool has_md5;         // StoreMD5ForAttachments
};

inline const Facts& facts(const Call& call) { return static_cast<const Facts&>(call.services); }

// The type that {name} in the path stands for; throws as NumberedNames::number_of.
int32_t asked_type(const Call& call);
std::string mime_of(const Facts& facts, int32_t type);
// What the name of a downloaded file ends with.
const char* suffix_of(int32_t type);

}  // namespace hilum::attachments
