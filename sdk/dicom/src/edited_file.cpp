#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/edit.h>
#include <hilum/dicom/edited_file.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/structure.h>
#include <hilum/dicom/text.h>
#include <hilum/dicom/transfer_syntax.h>

#include <vector>

namespace hilum::dicom {
namespace {

constexpr size_t kPiece = 64 * 1024;
// DCMTK looks for an element to remove from the beginning of the data set: many of them, time that grows with the square.
constexpr unsigned long kMostElements = 100000;

const std::vector<Tag>& pixel_data_only() {
  static const std::vector<Tag> kOnly = {kPixelData};
  return kOnly;
}

TransferSyntax facts_of(const std::string& uid) {
  const auto facts = find_transfer_syntax(uid);
  if (!facts) throw Error(HILUM_E_BAD_FORMAT, "unknown transfer syntax \"" + uid.substr(0, 64) + "\"");
  return *facts;
}

// Appends the data set as it is encoded in a transfer syntax.
void append_data_set(std::string& out, DcmDataset& data_set, E_TransferSyntax syntax) {
  std::vector<char> buffer(kPiece);
  DcmOutputBufferStream stream(buffer.data(), static_cast<offile_off_t>(buffer.size()));
  DcmWriteCache cache;
  data_set.transferInit();
  OFCondition result;
  do {
    result = data_set.write(stream, syntax, EET_ExplicitLength, &cache, EGL_withoutGL);
    void* bytes = nullptr;
    offile_off_t count = 0;
    if (result.good()) stream.flush();
    stream.flushBuffer(bytes, count);
    out.append(static_cast<const char*>(bytes), static_cast<size_t>(count));
  } while (result == EC_StreamNotifyClient);
  data_set.transferEnd();
  if (result.bad())
    throw Error(HILUM_E_BAD_FORMAT, std::string("the data set cannot be written: ") + result.text());
}

// Moves what stands behind Pixel Data into a data set of its own.
void split_behind_pixel_data(DcmDataset& from, DcmDataset& to) {
  std::vector<DcmElement*> behind;
  for (DcmObject* o = from.nextInContainer(nullptr); o != nullptr; o = from.nextInContainer(o)) {
    if (make_tag(o->getGTag(), o->getETag()) > kPixelData) behind.push_back(static_cast<DcmElement*>(o));
  }
  for (DcmElement* element : behind) {
    from.remove(element);
    if (to.insert(element, OFTrue).bad()) delete element;
  }
}

// What no data set may hold: command and file meta elements and the groups that the standard has closed.
void remove_foreign_groups(DcmDataset& data_set) {
  std::vector<DcmElement*> foreign;
  for (DcmObject* o = data_set.nextInContainer(nullptr); o != nullptr; o = data_set.nextInContainer(o)) {
    const uint16_t group = o->getGTag();
    if (group <= 3 || group == 5 || group == 7 || group == 0xffff)
      foreign.push_back(static_cast<DcmElement*>(o));
  }
  for (DcmElement* element : foreign) delete data_set.remove(element);
}

void check_count(DcmDataset& data_set) {
  if (data_set.card() <= kMostElements) return;
  throw Error(HILUM_E_TOO_LARGE, "a data set of more than " + std::to_string(kMostElements) + " elements");
}

std::string head_for(DcmDataset& data_set, std::string_view transfer_syntax) {
  const Charset ascii(Encoding::Ascii);
  const std::string sop_class = text_of(data_set, kSopClassUid, ascii).value_or("");
  const std::string sop_instance = text_of(data_set, kSopInstanceUid, ascii).value_or("");
  return meta_header({sop_class, sop_instance, transfer_syntax, ""});
}

}  // namespace

EditedFile::EditedFile(const ByteSource& source) : source_(source) {
  const Structure structure = scan_file(source_, &pixel_data_only());
  const bool apart = !structure.syntax.deflated && !structure.wanted.empty();
  ParseOptions options;
  options.whole = !apart;
  instance_ = parse_file(source_, options);
  check_count(data_set());
  if (!apart) return;
  pixel_begin_ = structure.wanted.front().first;
  pixel_end_ = structure.wanted.front().second;
  if (pixel_end_ == source_.size()) return;
  options.whole = true;
  ParsedInstance behind = parse_data_set(source_.part(pixel_end_), structure.transfer_syntax, options);
  DcmDataset& rest = behind.data_set();
  check_count(rest);
  while (DcmElement* element = rest.card() > 0 ? rest.remove(0ul) : nullptr) {
    if (data_set().insert(element, OFFalse).bad()) delete element;
  }
}

void EditedFile::replace_pixel_data() {
  drop_pixel_data();
  remove_element(data_set(), kPixelData);
  if (facts_of(transfer_syntax()).encapsulated) instance_.transfer_syntax = kExplicitLittleEndian;
}

EditedFile::Result EditedFile::finish() {
  const TransferSyntax syntax = facts_of(transfer_syntax());
  remove_foreign_groups(data_set());
  Result result;
  result.head = head_for(data_set(), transfer_syntax());
  if (!keeps_pixel_data()) {
    append_data_set(result.head, data_set(), syntax.dcmtk);
    return result;
  }
  DcmDataset behind;
  split_behind_pixel_data(data_set(), behind);
  append_data_set(result.head, data_set(), syntax.dcmtk);
  result.offset = pixel_begin_;
  result.size = pixel_end_ - pixel_begin_;
  if (behind.card() > 0) append_data_set(result.tail, behind, syntax.dcmtk);
  return result;
}

std::string write_file(DcmDataset& data_set, std::string_view transfer_syntax) {
  std::string bytes = head_for(data_set, transfer_syntax);
  append_data_set(bytes, data_set, facts_of(std::string(transfer_syntax)).dcmtk);
  return bytes;
}

}  // namespace hilum::dicom
