// Main DICOM tags of the index, and tags that are computed, as JSON objects in the three forms.
#pragma once

#include <hilum/cpp/index.h>
#include <hilum/dicom/json.h>
#include <hilum/dicom/tag.h>

#include <map>
#include <string>
#include <string_view>

namespace hilum::rest {

// A set of tags with their values, in the order of the tags.
class TagValues {
 public:
  // Text, or the items of a sequence as a JSON array of objects in the full form.
  void set_text(dicom::Tag tag, std::string_view text) { values_[tag] = {false, std::string(text)}; }
  void set_sequence(dicom::Tag tag, std::string_view json) { values_[tag] = {true, std::string(json)}; }
  // All main tags of a resource at a level (see Resource::tags).
  void add_main_tags(const Resource& resource, uint32_t of_level);
  // Takes a tag over from another set; false if it isn't there.
  bool take(dicom::Tag tag, const TagValues& from);

  // A JSON object; its keys ascend bytewise. In the simplified form, of two tags with one name the last wins.
  void write(dicom::JsonWriter& json, dicom::JsonFormat format) const;

 private:
  struct Value {
    bool is_sequence = false;
    std::string text;
  };
  static void write_value(dicom::JsonWriter& json, const Value& value, dicom::JsonFormat format);

  std::map<dicom::Tag, Value> values_;
};

}  // namespace hilum::rest
