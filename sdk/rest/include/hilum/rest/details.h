// The JSON object that describes a patient, study, series or instance: GET /{level}/{id} and all lists.
#pragma once

#include <hilum/dicom/json.h>
#include <hilum/rest/call.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::rest {

// The parts of a description (`response-content`).
struct DetailParts {
  bool main_tags = false;
  bool children = false;
  bool parent = false;
  bool labels = false;
  bool is_stable = false;
  bool status = false;  // of series: ExpectedNumberOfInstances, Status
  bool is_protected = false;
  bool metadata = false;     // all, as an object
  bool attachments = false;  // all, as an array
  // What is written when nobody asks for parts: LastUpdate, AnonymizedFrom and ModifiedFrom of the metadata,
  // and for instances IndexInSeries, FileSize, FileUuid.
  bool usual_metadata = false;

  static DetailParts usual() { return {true, true, true, true, true, true, true, false, false, true}; }
};

struct DetailOptions {
  dicom::JsonFormat format = dicom::JsonFormat::Simplified;
  DetailParts parts = DetailParts::usual();
  bool has_requested_tags = false;
  std::vector<dicom::Tag> requested_tags;
  bool read_files = true;  // for requested tags that the index does not hold
};

// Adds one part by its name in `response-content`. Throws HILUM_E_OUT_OF_RANGE for a name that nobody knows.
void add_detail_part(DetailParts& parts, std::string_view name);

// The arguments full, short, simplify, requested-tags and response-content (and their older spellings).
DetailOptions detail_options(const Request& request);
// Whether `response-content` is given: lists are then of objects.
bool has_response_content(const Request& request);

void write_details(dicom::JsonWriter& json, const Services& services, const Snapshot& snapshot,
                   const Resource& resource, const DetailOptions& options);

}  // namespace hilum::rest
