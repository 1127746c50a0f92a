// `RequestedTags`: tags that a client wants besides the main ones.
#pragma once

#include <hilum/rest/call.h>
#include <hilum/rest/tag_values.h>

#include <vector>

namespace hilum::rest {

// The argument `requested-tags` (or `requestedTags`): names or numbers separated by semicolons. Throws
// HILUM_E_BAD_REQUEST for what is no tag.
std::vector<dicom::Tag> requested_tags(const Request& request);

// Their values for one resource: computed by the server, else of the index at this level or above, else read
// from the file of one instance if `read_files` says so. Tags that nobody has are left out.
TagValues requested_tag_values(const Services& services, const Snapshot& snapshot, const Resource& resource,
                               const std::vector<dicom::Tag>& tags, bool read_files = true);

}  // namespace hilum::rest
