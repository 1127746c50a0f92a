#include "directory.h"

#include <dcmtk/dcmdata/dcuid.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/parse.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <ctime>

namespace hilum::archives {

namespace {

using dicom::Tag;

constexpr Tag kStudyDescription = 0x00081030;
constexpr Tag kSeriesDescription = 0x0008103e;
constexpr Tag kStudyId = 0x00200010;
constexpr Tag kSeriesNumber = 0x00200011;
// Where the date and the time of a study come from: the first that has a value.
constexpr Tag kDates[] = {0x00080020, 0x00080021, 0x00080022, 0x00080023};
constexpr Tag kTimes[] = {0x00080030, 0x00080031, 0x00080032, 0x00080033};

const std::vector<Tag>& wanted_tags() {
  static const std::vector<Tag> kTags = {dicom::kSpecificCharacterSet,
                                         dicom::kSopClassUid,
                                         dicom::kSopInstanceUid,
                                         0x00080020,
                                         0x00080021,
                                         0x00080022,
                                         0x00080023,
                                         0x00080030,
                                         0x00080031,
                                         0x00080032,
                                         0x00080033,
                                         dicom::kAccessionNumber,
                                         dicom::kModality,
                                         kStudyDescription,
                                         kSeriesDescription,
                                         dicom::kPatientName,
                                         dicom::kPatientId,
                                         dicom::kStudyInstanceUid,
                                         dicom::kSeriesInstanceUid,
                                         kStudyId,
                                         kSeriesNumber,
                                         dicom::kInstanceNumber};
  return kTags;
}

constexpr size_t kTail = 1u << 20;
constexpr const char* kMediaStorageDirectory = "1.2.840.10008.1.3.10";
constexpr const char* kRecordTypes[] = {"PATIENT", "STUDY", "SERIES", "IMAGE"};

void append(std::string& out, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) out += static_cast<char>(value >> (8 * i));
}

void append_tag(std::string& out, Tag tag) {
  append(out, dicom::tag_group(tag), 2);
  append(out, dicom::tag_element(tag), 2);
}

// Characters of a value, or of each part of a name, that a VR allows (PS3.5 section 6.2). UIDs stay as they are: the
// records are nothing without them. Old dates have points.
size_t longest_value(std::string_view vr) {
  if (vr == "DA") return 10;
  if (vr == "IS") return 12;
  if (vr == "CS" || vr == "SH" || vr == "TM") return 16;
  if (vr == "LO" || vr == "PN") return 64;
  return SIZE_MAX;
}

// Whether each value of a text in UTF-8 is as short as its VR demands: readers refuse a directory with others.
bool has_length_of_vr(std::string_view text, std::string_view vr) {
  const size_t longest = longest_value(vr);
  size_t count = 0;
  for (const char c : text) {
    const bool ends = c == '\\' || (c == '=' && vr == "PN");
    const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;
    count = ends ? 0 : count + (continues ? 0 : 1);
    if (count > longest) return false;
  }
  return true;
}

// An element of a VR with a length of 16 bits; a value that does not fit is left empty.
void element(std::string& out, Tag tag, const char* vr, std::string_view value) {
  if (value.size() > 0xfffe) value = {};
  append_tag(out, tag);
  out += vr;
  append(out, value.size() + (value.size() & 1), 2);
  out += value;
  if (value.size() & 1) out += vr[0] == 'U' ? '\0' : ' ';
}

void number(std::string& out, Tag tag, const char* vr, uint64_t value, size_t width) {
  std::string bytes;
  append(bytes, value, width);
  element(out, tag, vr, bytes);
}

// The texts of a file, each in the encoding that the file has for it.
class Texts {
 public:
  Texts(DcmItem& item, dicom::Encoding default_encoding)
      : item_(item), charset_(dicom::Charset::of(item, default_encoding)) {}

  // Empty if it is longer than the VR allows.
  std::string get(Tag tag, std::string_view vr) const {
    const std::string text = dicom::text_of(item_, tag, charset_).value_or(std::string());
    return has_length_of_vr(text, vr) ? charset_.from_utf8(text, vr == "PN") : std::string();
  }
  // The element as it is; if empty, only when it is `always` wanted.
  void copy(std::string& out, Tag tag, const char* vr, bool always) const {
    const std::string value = get(tag, vr);
    if (always || !value.empty()) element(out, tag, vr, value);
  }

 private:
  DcmItem& item_;
  dicom::Charset charset_;
};

template <size_t N>
std::string first_of(const Texts& texts, const Tag (&tags)[N], const char* vr, const char* format) {
  for (const Tag tag : tags) {
    std::string value = texts.get(tag, vr);
    if (!value.empty()) return value;
  }
  const std::time_t seconds = std::time(nullptr);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, format, &local));
}

std::string image_facts(const Texts& texts, const std::string& transfer_syntax, const std::string& charset) {
  std::string out;
  element(out, 0x00041510, "UI", texts.get(dicom::kSopClassUid, "UI"));
  element(out, 0x00041511, "UI", texts.get(dicom::kSopInstanceUid, "UI"));
  element(out, 0x00041512, "UI", transfer_syntax);
  out += charset;
  texts.copy(out, dicom::kInstanceNumber, "IS", true);
  return out;
}

}  // namespace

DirectoryFacts directory_facts(const dicom::ByteSource& file, dicom::Encoding default_encoding,
                               bool extended) {
  dicom::ParseOptions options;
  options.only = &wanted_tags();
  const dicom::ParsedInstance instance = dicom::parse_file(file, options);
  const Texts texts(instance.data_set(), default_encoding);

  std::string charset;
  texts.copy(charset, dicom::kSpecificCharacterSet, "CS", false);
  DirectoryFacts facts;
  facts.patient = charset;
  texts.copy(facts.patient, dicom::kPatientName, "PN", true);
  texts.copy(facts.patient, dicom::kPatientId, "LO", false);

  facts.study = charset;
  element(facts.study, kDates[0], "DA", first_of(texts, kDates, "DA", "%Y%m%d"));
  element(facts.study, kTimes[0], "TM", first_of(texts, kTimes, "TM", "%H%M%S"));
  texts.copy(facts.study, dicom::kAccessionNumber, "SH", true);
  texts.copy(facts.study, kStudyDescription, "LO", true);
  texts.copy(facts.study, dicom::kStudyInstanceUid, "UI", true);
  texts.copy(facts.study, kStudyId, "SH", false);

  facts.series = charset;
  texts.copy(facts.series, dicom::kModality, "CS", true);
  if (extended) texts.copy(facts.series, kSeriesDescription, "LO", false);
  texts.copy(facts.series, dicom::kSeriesInstanceUid, "UI", true);
  texts.copy(facts.series, kSeriesNumber, "IS", false);

  facts.image = image_facts(texts, instance.transfer_syntax, charset);
  return facts;
}

// The header with empty offsets, up to the sequence of records, whose length is undefined: nobody knows it yet.
DirectoryWriter::DirectoryWriter(const std::string& temporary_folder) : file_(temporary_folder) {
  char uid[100];  // DCMTK asks for this size
  dcmGenerateUniqueIdentifier(uid, SITE_INSTANCE_UID_ROOT);
  tail_ = dicom::meta_header({kMediaStorageDirectory, uid, dicom::kExplicitLittleEndian, {}});
  element(tail_, 0x00041130, "CS", "HILUM_MEDIA");
  number(tail_, 0x00041200, "UL", 0, 4);
  first_root_ = size() - 4;
  number(tail_, 0x00041202, "UL", 0, 4);
  last_root_ = size() - 4;
  number(tail_, 0x00041212, "US", 0, 2);
  append_tag(tail_, 0x00041220);
  tail_ += "SQ";
  append(tail_, 0, 2);
  append(tail_, 0xffffffff, 4);
}

void DirectoryWriter::add(const DirectoryFacts& facts, std::string_view path, std::string_view patient,
                          std::string_view study, std::string_view series) {
  const std::string_view ids[] = {patient, study, series};
  const std::string* elements[] = {&facts.patient, &facts.study, &facts.series};
  size_t common = 0;
  while (common < 3 && common < open_.size() && open_[common].id == ids[common]) ++common;
  for (size_t level = common; level < 3; ++level) begin_record(level, ids[level], *elements[level]);
  std::string image;
  element(image, 0x00041500, "CS", path);
  begin_record(3, path, image + facts.image);
  if (tail_.size() >= kTail) {
    file_.write(written_, tail_);
    written_ += tail_.size();
    tail_.clear();
  }
}

void DirectoryWriter::begin_record(size_t level, std::string_view id, std::string_view elements) {
  const uint64_t position = size();
  if (position > UINT32_MAX) throw Error(HILUM_E_TOO_LARGE, "a DICOMDIR of more than 4 GB");
  if (open_.size() > level) {
    patch(open_[level].next, position);
  } else if (level > 0) {
    patch(open_[level - 1].lower, position);
  } else {
    patch(first_root_, position);
  }
  if (level == 0) patch(last_root_, position);
  open_.resize(level);

  append_tag(tail_, 0xfffee000);
  append(tail_, 0xffffffff, 4);
  Open open{std::string(id), 0, 0};
  number(tail_, 0x00041400, "UL", 0, 4);
  open.next = size() - 4;
  number(tail_, 0x00041410, "US", 0xffff, 2);
  number(tail_, 0x00041420, "UL", 0, 4);
  open.lower = size() - 4;
  element(tail_, 0x00041430, "CS", kRecordTypes[level]);
  tail_ += elements;
  append_tag(tail_, 0xfffee00d);
  append(tail_, 0, 4);
  open_.push_back(std::move(open));
}

void DirectoryWriter::patch(uint64_t at, uint64_t value) {
  std::string bytes;
  append(bytes, value, 4);
  if (at < written_) return file_.write(at, bytes);
  std::copy(bytes.begin(), bytes.end(), tail_.begin() + static_cast<std::ptrdiff_t>(at - written_));
}

void DirectoryWriter::finish() {
  append_tag(tail_, 0xfffee0dd);
  append(tail_, 0, 4);
  file_.write(written_, tail_);
  written_ += tail_.size();
  tail_.clear();
}

size_t DirectoryWriter::read(uint64_t offset, void* to, size_t count) const {
  return dicom::ByteSource(file_.descriptor(), 0, written_).read(offset, to, count);
}

}  // namespace hilum::archives
