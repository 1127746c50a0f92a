#include "core/dimse/request_io.h"

#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/error.h>

#include <optional>

namespace hilum::dimse {

std::string receive_identifier(Link& link, uint8_t context, std::chrono::milliseconds timeout,
                               Outcome* outcome) {
  std::string bytes;
  Pdv pdv;
  do {
    outcome->received = link.next(&pdv, timeout, false);
    if (outcome->received == Receive::kOk && (pdv.is_command || pdv.context != context)) {
      outcome->received = Receive::kViolation;
    }
    if (outcome->received != Receive::kOk) {
      return {};
    }
    if (bytes.size() + pdv.data.size() > kMaximumIdentifier) {
      outcome->status = kOutOfResources;
      outcome->comment = "identifier is too long";
    } else {
      bytes.append(pdv.data);
    }
  } while (!pdv.is_last);
  return outcome->status == 0 ? bytes : std::string();
}

Receive receive_rest_of_command(Link& link, std::chrono::milliseconds timeout, std::string* bytes,
                                uint8_t* context) {
  Pdv pdv;
  do {
    const Receive received = link.next(&pdv, timeout, false);
    if (received != Receive::kOk) {
      return received;
    }
    if (bytes->empty()) {
      *context = pdv.context;
    }
    bytes->append(pdv.data);
    if (!pdv.is_command || pdv.context != *context || bytes->size() > kMaximumCommandSize) {
      return Receive::kViolation;
    }
  } while (!pdv.is_last);
  return Receive::kOk;
}

bool is_still_wanted(Link& link, uint16_t message_id, Outcome* outcome) {
  if (!link.is_readable()) {
    return true;
  }
  std::string bytes;
  uint8_t context = 0;
  outcome->received = receive_rest_of_command(link, std::chrono::seconds(10), &bytes, &context);
  if (outcome->received != Receive::kOk) {
    return false;
  }
  const std::optional<Command> command = parse_command(bytes);
  if (!command || command->field != kCancelRequest) {
    outcome->received = Receive::kViolation;
    return false;
  }
  if (command->responded_message_id == message_id) {
    outcome->is_cancelled = true;
    outcome->status = kCancelled;
  }
  return !outcome->is_cancelled;
}

void catch_failure(Outcome* outcome, const std::function<void()>& serve) {
  const auto fail = [&](const std::string& why) {
    if (outcome->received == Receive::kOk && !outcome->is_cancelled) {
      outcome->status = kUnableToProcess;
      outcome->comment = why;
    }
  };
  try {
    serve();
  } catch (const Error& error) {
    fail(error.details().empty() ? error.message() : error.details());
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

std::string encode_data_set(DcmDataset& data_set, const std::string& transfer_syntax) {
  const E_TransferSyntax syntax = DcmXfer(transfer_syntax.c_str()).getXfer();
  std::string bytes(data_set.calcElementLength(syntax, EET_UndefinedLength), '\0');
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  data_set.transferInit();
  const OFCondition written = data_set.write(stream, syntax, EET_UndefinedLength, nullptr);
  data_set.transferEnd();
  if (written.bad()) {
    throw Error(HILUM_E_INTERNAL, std::string("a data set cannot be encoded: ") + written.text());
  }
  void* begin = nullptr;
  offile_off_t length = 0;
  stream.flushBuffer(begin, length);
  bytes.resize(static_cast<size_t>(length));
  return bytes;
}

}  // namespace hilum::dimse
