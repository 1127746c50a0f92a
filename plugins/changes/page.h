// Pages of the two logs: what a request asks for, and what the answer says beside the rows.
#pragma once

#include <hilum/cpp/changes.h>
#include <hilum/cpp/http.h>
#include <hilum/dicom/json_writer.h>

#include <cstdint>
#include <string>

namespace hilum::changes {

// The arguments since, limit, last, to and type of one request, and how far its answer has come. On the
// stack of the request.
class Page {
 public:
  // A since, limit or to that is no integer (of 64, 32 and 64 bits) is as if none of the three was given, as
  // clients know it. Throws HILUM_E_OUT_OF_RANGE for an unknown type; without `has_types` there is no argument
  // type.
  Page(const Request& request, bool has_types);

  const LogQuery& query() const { return query_; }
  // The sequence of each row that is written.
  void add(int64_t sequence);
  // The keys Done, First (if there is one) and Last. `otherwise` is Last if nothing was found.
  void write_position(dicom::JsonWriter& json, const LogPage& found, int64_t otherwise) const;

 private:
  LogQuery query_;
  bool is_last_ = false;  // the argument `last`
  uint64_t count_ = 0;
  int64_t first_ = 0, last_ = 0;
};

// The keys Date, ID, Path, which rows of both logs have.
void write_resource(dicom::JsonWriter& json, uint32_t level, std::string_view id, int64_t time_ms);

}  // namespace hilum::changes
