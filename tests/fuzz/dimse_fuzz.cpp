// DIMSE: the first PDU's header, command sets, and the identifiers of C-FIND.
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/parse.h>

#include "core/dimse/acceptor.h"
#include "core/dimse/command.h"
#include "core/dimse/find_query.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  if (dimse::judge_first_pdu(bytes, size) == dimse::FirstPdu::kComplete) {
    fuzz::require(dimse::first_pdu_size(bytes) <= dimse::kMaximumFirstPdu + 6, "the first PDU is bounded");
  }
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
