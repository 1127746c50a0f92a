#include "core/index/records.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>

#include <limits>

#include "core/base/bytes.h"

namespace hilum::index {

namespace {

constexpr uint8_t kCompressed = 1, kContentMd5 = 2, kStoredMd5 = 4, kSameMd5 = 8;

[[noreturn]] void damaged(const char* what) {
  throw Error(HILUM_E_CORRUPTED, fmt::format("the index is damaged: {} cannot be read; `hilum index check` "
                                             "tells more, `hilum index rebuild` makes it anew",
                                             what));
}

// Takes values or fails.
class Decoder {
 public:
  Decoder(std::string_view bytes, const char* what) : reader_(bytes), what_(what) {}

  uint64_t varint() { return need(reader_.take_varint()); }
  uint8_t byte() { return need(reader_.take_be<uint8_t>()); }
  uint64_t be64() { return need(reader_.take_be<uint64_t>()); }
  std::string_view bytes(uint64_t size) { return need(reader_.take_bytes(size)); }
  std::string_view sized() { return need(reader_.take_sized()); }
  int64_t signed_varint() {
    const uint64_t value = varint();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  int32_t int32() {
    const int64_t value = signed_varint();
    check(value >= std::numeric_limits<int32_t>::min() && value <= std::numeric_limits<int32_t>::max());
    return static_cast<int32_t>(value);
  }
  Level level() {
    const uint8_t value = byte();
    check(value >= 1 && value <= 4);
    return static_cast<Level>(value);
  }
  template <size_t size>
  std::array<uint8_t, size> array() {
    std::array<uint8_t, size> value;
    std::memcpy(value.data(), bytes(size).data(), size);
    return value;
  }
  // A number of items of which each takes at least `least` bytes: cannot ask for more memory than there is.
  size_t count(size_t least) {
    const uint64_t value = varint();
    check(value <= reader_.rest().size() / least);
    return static_cast<size_t>(value);
  }
  std::string_view rest() const { return reader_.rest(); }
  void end() { check(reader_.empty()); }
  void check(bool condition) {
    if (!condition) {
      damaged(what_);
    }
  }

 private:
  template <typename T>
  T need(const std::optional<T>& value) {
    if (!value) {
      damaged(what_);
    }
    return *value;
  }

  ByteReader reader_;
  const char* what_;
};

uint8_t check_version(uint8_t version, uint8_t known) {
  if (version > known) {
    throw Error(
        HILUM_E_INCOMPATIBLE_DATABASE,
        fmt::format("a record of the index has version {}, this program knows up to {}", version, known));
  }
  return version;
}

void append_signed(std::string& out, int64_t value) {
  append_varint(out, (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

template <size_t size>
void append_array(std::string& out, const std::array<uint8_t, size>& bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), size);
}

void append_tags(std::string& out, const TagValues& tags) {
  append_varint(out, tags.size());
  Tag before = 0;
  for (const dicom::TagValue& tag : tags) {
    append_varint(out, static_cast<uint32_t>(tag.tag - before));  // modulo 2^32: any order survives
    append_varint(out, (static_cast<uint64_t>(tag.value.size()) << 1) | (tag.is_json ? 1 : 0));
    out.append(tag.value);
    before = tag.tag;
  }
}

TagValues take_tags(Decoder& in) {
  const size_t count = in.count(2);
  TagValues tags;
  tags.reserve(count);
  Tag before = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t difference = in.varint();
    in.check(difference <= 0xffffffff);
    dicom::TagValue& tag = tags.emplace_back();
    before += static_cast<Tag>(difference);
    tag.tag = before;
    const uint64_t size = in.varint();
    tag.is_json = (size & 1) != 0;
    tag.value = in.bytes(size >> 1);
  }
  return tags;
}

void append_metadata(std::string& out, const std::vector<Metadata>& metadata) {
  append_varint(out, metadata.size());
  for (const Metadata& item : metadata) {
    append_signed(out, item.key);
    append_signed(out, item.revision);
    append_sized(out, item.value);
  }
}

std::vector<Metadata> take_metadata(Decoder& in) {
  const size_t count = in.count(3);
  std::vector<Metadata> metadata;
  metadata.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    Metadata& item = metadata.emplace_back();
    item.key = in.int32();
    item.revision = in.signed_varint();
    item.value = in.sized();
  }
  return metadata;
}

void append_attachments(std::string& out, const std::vector<Attachment>& attachments) {
  append_varint(out, attachments.size());
  for (const Attachment& item : attachments) {
    const bool same = item.content_md5 && item.content_md5 == item.stored_md5;
    append_signed(out, item.type);
    append_signed(out, item.revision);
    append_array(out, item.uuid);
    append_varint(out, item.content_size);
    append_varint(out, item.stored_size);
    out.push_back(static_cast<char>((item.compressed ? kCompressed : 0) |
                                    (item.content_md5 ? kContentMd5 : 0) |
                                    (same              ? kSameMd5
                                     : item.stored_md5 ? kStoredMd5
                                                       : 0)));
    if (item.content_md5) {
      append_array(out, *item.content_md5);
    }
    if (item.stored_md5 && !same) {
      append_array(out, *item.stored_md5);
    }
  }
}

std::vector<Attachment> take_attachments(Decoder& in) {
  const size_t count = in.count(21);
  std::vector<Attachment> attachments;
  attachments.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    Attachment& item = attachments.emplace_back();
    item.type = in.int32();
    item.revision = in.signed_varint();
    item.uuid = in.array<16>();
    item.content_size = in.varint();
    item.stored_size = in.varint();
    const uint8_t flags = in.byte();
    in.check(flags < 16 && !((flags & kSameMd5) && !(flags & kContentMd5)));
    item.compressed = (flags & kCompressed) != 0;
    if (flags & kContentMd5) {
      item.content_md5 = in.array<16>();
    }
    if (flags & kSameMd5) {
      item.stored_md5 = item.content_md5;
    } else if (flags & kStoredMd5) {
      item.stored_md5 = in.array<16>();
    }
  }
  return attachments;
}

}  // namespace

std::string encode_resource(const Resource& resource) {
  std::string out;
  out.reserve(512);
  out.push_back(static_cast<char>(kRecordVersion));
  out.push_back(static_cast<char>(resource.level));
  append_array(out, resource.public_id.bytes);
  append_varint(out, resource.parent);
  append_signed(out, resource.creation_sequence);
  append_tags(out, resource.tags);
  append_tags(out, resource.patient_tags);
  append_metadata(out, resource.system_metadata);
  append_attachments(out, resource.attachments);
  return out;
}

Resource decode_resource(ResourceId id, std::string_view bytes) {
  Decoder in(bytes, "the record of a resource");
  in.check(check_version(in.byte(), kRecordVersion) != 0);
  Resource resource;
  resource.id = id;
  resource.level = in.level();
  resource.public_id.bytes = in.array<20>();
  resource.parent = in.varint();
  resource.creation_sequence = in.signed_varint();
  resource.tags = take_tags(in);
  resource.patient_tags = take_tags(in);
  resource.system_metadata = take_metadata(in);
  resource.attachments = take_attachments(in);
  in.end();
  return resource;
}

std::string encode_counters(const Counters& counters) {
  std::string out;
  for (const uint64_t value :
       {counters.studies, counters.series, counters.instances, counters.stored_size, counters.content_size,
        counters.dicom_stored_size, counters.dicom_content_size}) {
    append_varint(out, value);
  }
  append_signed(out, counters.last_update_ms);
  return out;
}

Counters decode_counters(std::string_view bytes) {
  Decoder in(bytes, "the counters of a resource");
  Counters counters;
  for (uint64_t* value :
       {&counters.studies, &counters.series, &counters.instances, &counters.stored_size,
        &counters.content_size, &counters.dicom_stored_size, &counters.dicom_content_size}) {
    *value = in.varint();
  }
  counters.last_update_ms = in.signed_varint();
  in.end();
  return counters;
}

std::string encode_totals(const Totals& totals) {
  std::string out;
  for (const uint64_t value : {totals.patients, totals.studies, totals.series, totals.instances,
                               totals.stored_size, totals.content_size}) {
    append_varint(out, value);
  }
  return out;
}

Totals decode_totals(std::string_view bytes) {
  Decoder in(bytes, "the totals");
  Totals totals;
  for (uint64_t* value : {&totals.patients, &totals.studies, &totals.series, &totals.instances,
                          &totals.stored_size, &totals.content_size}) {
    *value = in.varint();
  }
  in.end();
  return totals;
}

std::string encode_metadata(const Metadata& metadata) {
  std::string out;
  append_signed(out, metadata.revision);
  return out.append(metadata.value);
}

Metadata decode_metadata(int32_t key, std::string_view bytes) {
  Decoder in(bytes, "a metadata");
  Metadata metadata;
  metadata.key = key;
  metadata.revision = in.signed_varint();
  metadata.value = in.rest();
  return metadata;
}

std::string encode_change(const StoredChange& change) {
  std::string out;
  append_varint(out, static_cast<uint16_t>(change.change.type));
  out.push_back(static_cast<char>(change.change.level));
  append_varint(out, change.id);
  append_array(out, change.change.resource.bytes);
  append_signed(out, change.change.time_ms);
  return out;
}

StoredChange decode_change(int64_t sequence, std::string_view bytes) {
  Decoder in(bytes, "a change");
  StoredChange change;
  change.change.sequence = sequence;
  const uint64_t type = in.varint();
  in.check(type <= 0xffff);
  change.change.type = static_cast<ChangeType>(type);
  change.change.level = in.level();
  change.id = in.varint();
  change.change.resource.bytes = in.array<20>();
  change.change.time_ms = in.signed_varint();
  in.end();
  return change;
}

std::string encode_export(const Export& row) {
  std::string out;
  out.push_back(static_cast<char>(kExportVersion));
  out.push_back(static_cast<char>(row.level));
  append_array(out, row.resource.bytes);
  append_signed(out, row.time_ms);
  append_sized(out, row.remote);
  for (const std::string& identifier : row.identifiers) {
    append_sized(out, identifier);
  }
  return out;
}

Export decode_export(int64_t sequence, std::string_view bytes) {
  Decoder in(bytes, "an export");
  in.check(check_version(in.byte(), kExportVersion) != 0);
  Export row;
  row.sequence = sequence;
  row.level = in.level();
  row.resource.bytes = in.array<20>();
  row.time_ms = in.signed_varint();
  row.remote = in.sized();
  for (std::string& identifier : row.identifiers) {
    identifier = in.sized();
  }
  in.end();
  return row;
}

std::string encode_number(uint64_t number) {
  std::string out;
  append_be(out, number);
  return out;
}

std::string encode_varint(uint64_t number) {
  std::string out;
  append_varint(out, number);
  return out;
}

uint64_t decode_number(std::string_view bytes) {
  Decoder in(bytes, "a number");
  const uint64_t number = in.be64();
  in.end();
  return number;
}

uint64_t decode_varint(std::string_view bytes) {
  Decoder in(bytes, "a number");
  const uint64_t number = in.varint();
  in.end();
  return number;
}

std::string encode_patient_state(const PatientState& state) {
  std::string out(1, state.is_protected ? '\1' : '\0');
  append_be(out, state.order);
  return out;
}

PatientState decode_patient_state(std::string_view bytes) {
  Decoder in(bytes, "the state of a patient");
  PatientState state;
  const uint8_t is_protected = in.byte();
  in.check(is_protected <= 1);
  state.is_protected = is_protected == 1;
  state.order = in.be64();
  in.end();
  return state;
}

std::string encode_location(const Location& location) {
  std::string out(1, static_cast<char>(location.level));
  append_be(out, location.id);
  return out;
}

Location decode_location(std::string_view bytes) {
  Decoder in(bytes, "the place of a public id");
  Location location;
  location.level = in.level();
  location.id = in.be64();
  in.end();
  return location;
}

PublicId decode_public_id(std::string_view bytes) {
  Decoder in(bytes, "a public id");
  PublicId id;
  id.bytes = in.array<20>();
  in.end();
  return id;
}

}  // namespace hilum::index
