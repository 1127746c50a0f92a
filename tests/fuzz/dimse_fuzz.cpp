// DIMSE: the first PDU's header, the stream of PDUs after it, command sets, and the identifiers of C-FIND.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/parse.h>

#include "core/dimse/acceptor.h"
#include "core/dimse/command.h"
#include "core/dimse/find_query.h"
#include "core/dimse/pdu_reader.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

namespace {

// All that the reader gives, in one text: it must not depend on how the bytes arrive.
std::string read_pdus(std::string_view stream, size_t piece) {
  dimse::PduReader reader(16384);
  std::string out;
  for (;;) {
    dimse::Pdv pdv;
    const auto found = reader.next(&pdv);
    if (found == dimse::PduReader::Found::kPdv) {
      out += pdv.data;
      if (pdv.is_last) out += "[end of " + std::to_string(pdv.context) + (pdv.is_command ? " command]" : "]");
      continue;
    }
    if (found != dimse::PduReader::Found::kNothing || stream.empty()) {
      return out + std::to_string(static_cast<int>(found));
    }
    const auto [to, size] = reader.room();
    const size_t count = std::min({size, piece, stream.size()});
    fuzz::require(count > 0, "there is room");
    std::copy_n(stream.data(), count, to);
    reader.received(count);
    stream.remove_prefix(count);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (dimse::judge_first_pdu(bytes, size) == dimse::FirstPdu::kComplete) {
    fuzz::require(dimse::first_pdu_size(bytes) <= dimse::kMaximumFirstPdu + 6, "the first PDU is bounded");
  }
  fuzz::require(read_pdus(bytes, 1) == read_pdus(bytes, size + 1), "pieces make no difference");
  if (const auto command = dimse::parse_command(bytes)) {
    dimse::command_name(command->field);
    fuzz::require(command->sop_class.size() + command->sop_instance.size() <= size, "texts are of the input");
  }
  static const dicom::MainTags main_tags;
  for (const char* syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}) {
    fuzz::accepted([&] {
      const auto parsed = dicom::parse_data_set(dicom::ByteSource(data, size), syntax, {true});
      const dimse::FindQuery query =
          dimse::parse_find_query(parsed.data_set(), dimse::FindRules{main_tags, "HILUM"});
      for (const auto& constraint : query.constraints) constraint.matcher.matches("A^B");
      for (const auto& constraint : query.file_constraints) constraint.matcher.matches("20200101");
    });
  }
  return 0;
}
