// JSON text, written straight through in the layout that clients of the REST API know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::dicom {

// Appends JSON to a string: 3 spaces of indentation, `"key" : value`, containers on the next line after a
// key, one element a line, `{}` and `[]` when empty, pure ASCII (\uXXXX in lower case, surrogate pairs;
// invalid UTF-8 becomes \ufffd), no trailing newline. The caller writes keys in the order that it wants them
// (the REST API sorts bytewise) and closes what it opens. Not thread-safe. The string must outlive the
// writer.
//
//   std::string out;
//   JsonWriter json(out);
//   json.begin_object();
//   json.member("ID", id);
//   json.key("Labels"); json.begin_array(); json.end_array();
//   json.end_object();
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void begin_object() { begin('{'); }
  void end_object() { end('}'); }
  void begin_array() { begin('['); }
  void end_array() { end(']'); }
  void key(std::string_view name);

  void string(std::string_view utf8);
  void integer(int64_t value);
  void unsigned_integer(uint64_t value);
  void number(double value);  // 17 significant digits
  void boolean(bool value);
  void null();
  // A finished piece of JSON (one value), indented to this place if it was written at indentation 0.
  void raw(std::string_view json);

  void member(std::string_view name, std::string_view value) {
    key(name);
    string(value);
  }
  void member(std::string_view name, const char* value) {
    key(name);
    string(value);
  }
  void member(std::string_view name, const std::string& value) {
    key(name);
    string(value);
  }
  void member(std::string_view name, bool value) {
    key(name);
    boolean(value);
  }
  void member(std::string_view name, int value) {
    key(name);
    integer(value);
  }
  void member(std::string_view name, int64_t value) {
    key(name);
    integer(value);
  }
  void member(std::string_view name, uint32_t value) {
    key(name);
    unsigned_integer(value);
  }
  void member(std::string_view name, uint64_t value) {
    key(name);
    unsigned_integer(value);
  }

  size_t depth() const { return levels_.size(); }
  std::string& out() { return out_; }

 private:
  struct Level {
    bool empty;
    bool after_key;
  };
  void begin(char bracket);
  void end(char bracket);
  void before_value(bool container);
  void new_line();

  std::string& out_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

// Appends `utf8` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view utf8);

}  // namespace hilum::dicom
