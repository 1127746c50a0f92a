#include "core/dimse/store_scp.h"

#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/meta_header.h>
#include <hilum/dicom/normalize.h>

#include <exception>
#include <utility>

#include "core/base/temporary_file.h"

namespace hilum::dimse {
namespace {

constexpr const char* kFilterName = "dimse";
constexpr uint16_t kOutOfResources = 0xa700;
constexpr uint16_t kDataSetMismatch = 0xa900;
constexpr uint16_t kCannotUnderstand = 0xc000;

// The command whose data set this thread hands to the ingest, for the filter that the ingest calls on it: so
// nothing is parsed twice.
struct CurrentStore {
  const Command* command;
  bool parsed = false;
  uint16_t status = 0;  // the filter's verdict
};
thread_local CurrentStore* current_store = nullptr;

std::string value_of(DcmItem& data_set, const DcmTagKey& tag) {
  OFString value;
  data_set.findAndGetOFString(tag, value);
  return std::string(dicom::strip_spaces({value.c_str(), value.size()}));
}

ingest::Verdict compare_with_command(const ingest::Incoming& incoming) {
  CurrentStore* store = current_store;
  if (store == nullptr || incoming.origin().kind != ingest::OriginKind::kDicomProtocol) {
    return ingest::Verdict::kKeep;
  }
  store->parsed = true;
  const std::string sop_class = value_of(incoming.identity().data_set(), DCM_SOPClassUID);
  const std::string sop_instance = value_of(incoming.identity().data_set(), DCM_SOPInstanceUID);
  if (sop_class.empty() || sop_instance.empty()) {
    store->status = kCannotUnderstand;
    throw Error(HILUM_E_BAD_FORMAT, "no SOP class or instance UID");
  }
  if (sop_class != store->command->sop_class || sop_instance != store->command->sop_instance) {
    store->status = kDataSetMismatch;
    throw Error(HILUM_E_BAD_FORMAT, "SOP class or instance UID differs from the command");
  }
  return ingest::Verdict::kKeep;
}

void respond(Link& link, uint8_t context, const Command& command, StoreOutcome* outcome) {
  const Response response{kStoreRequest,     command.message_id,   outcome->status,
                          command.sop_class, command.sop_instance, outcome->comment};
  outcome->response_sent = link.send(context, response);
}

}  // namespace

void Spool::append(std::string_view bytes) {
  if (failure_) {
    return;
  }
  try {
    if (md5_) {
      md5_->add(bytes.data(), bytes.size());
    }
    if (!buffer_.empty() && !file_ && buffer_.size() + bytes.size() > buffer_.capacity()) {
      buffer_.reserve(memory_limit_);  // at once: growing step by step moves the bytes again and again
    }
    // Past the limit the buffer only gathers fragments to larger writes.
    if (buffer_.size() + bytes.size() > memory_limit_) {
      flush();
    }
    buffer_.append(bytes);
  } catch (...) {
    failure_ = std::current_exception();
    buffer_.clear();
    buffer_.shrink_to_fit();
    file_.reset();
  }
}

void Spool::flush() {
  if (!file_) {
    file_ = make_temporary_file(directory_);
  }
  write_all(file_.get(), buffer_, directory_);
  written_ += buffer_.size();
  write_behind_.grown_to(file_.get(), written_);
  buffer_.clear();
}

ingest::Bytes Spool::finish() {
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  ingest::Bytes bytes;
  if (md5_) {
    bytes.md5 = md5_->finish();
  }
  if (!file_) {
    bytes.memory = std::move(buffer_);
    bytes.size = bytes.memory.size();
    return bytes;
  }
  flush();
  bytes.fd = file_.release();
  bytes.size = written_;
  return bytes;
}

Receive drain(Link& link, uint8_t context, std::chrono::milliseconds timeout) {
  Pdv pdv;
  do {
    const Receive received = link.next(&pdv, timeout, false);
    if (received != Receive::kOk) {
      return received;
    }
    if (pdv.is_command || pdv.context != context) {
      return Receive::kViolation;
    }
  } while (!pdv.is_last);
  return Receive::kOk;
}

StoreScp::StoreScp(ingest::Ingest& ingest, size_t memory_per_instance)
    : ingest_(ingest), memory_per_instance_(memory_per_instance) {
  ingest_.add_filter(kFilterName, compare_with_command);
}

StoreScp::~StoreScp() { ingest_.remove_filters(kFilterName); }

StoreOutcome StoreScp::serve(Link& link, uint8_t context, const Command& command,
                             const std::string& transfer_syntax, const Peer& peer,
                             std::chrono::milliseconds timeout) {
  StoreOutcome outcome;
  if (!command.has_data_set) {
    outcome.status = kCannotUnderstand;
    outcome.comment = "C-STORE without data set";
    respond(link, context, command, &outcome);
    return outcome;
  }
  Spool spool(ingest_.spool_directory(), memory_per_instance_, ingest_.options().md5);
  spool.append(
      dicom::meta_header({command.sop_class, command.sop_instance, transfer_syntax, peer.calling_aet}));
  Pdv pdv;
  do {
    outcome.received = link.next(&pdv, timeout, false);
    if (outcome.received == Receive::kOk && (pdv.is_command || pdv.context != context)) {
      outcome.received = Receive::kViolation;
    }
    if (outcome.received != Receive::kOk) {
      return outcome;
    }
    outcome.bytes += pdv.data.size();
    spool.append(pdv.data);
  } while (!pdv.is_last);
  if (outcome.bytes == 0) {
    outcome.status = kCannotUnderstand;
    outcome.comment = "empty data set";
  } else {
    try {
      store_received(ingest_, command, peer, spool.finish(), &outcome);
    } catch (const std::exception& error) {  // of the spool: disk
      outcome.status = kOutOfResources;
      outcome.comment = error.what();
    }
  }
  respond(link, context, command, &outcome);
  return outcome;
}

void store_received(ingest::Ingest& ingest, const Command& command, const Peer& peer, ingest::Bytes&& bytes,
                    StoreOutcome* outcome, ingest::Stored* stored) {
  ingest::Origin origin;
  origin.kind = ingest::OriginKind::kDicomProtocol;
  origin.remote_aet = peer.calling_aet;
  origin.called_aet = peer.called_aet;
  origin.remote_ip = peer.address;
  UniqueFd file(bytes.fd);  // store() sets bytes.fd to -1 when it takes the file over
  CurrentStore current{&command};
  current_store = &current;
  try {
    const ingest::Stored result = ingest.store(std::move(bytes), origin);
    if (stored != nullptr) *stored = result;
  } catch (const ingest::IdentityError& error) {  // by tradition not "cannot understand"
    outcome->comment = error.details().empty() ? error.message() : error.details();
    outcome->status = kOutOfResources;
  } catch (const Error& error) {
    outcome->comment = error.details().empty() ? error.message() : error.details();
    // Bytes that are no data set cannot be understood; what could be read but not kept is out of resources
    // (busy, disk).
    outcome->status = current.status != 0                                     ? current.status
                      : error.code() == HILUM_E_BAD_FORMAT && !current.parsed ? kCannotUnderstand
                                                                              : kOutOfResources;
  } catch (const std::exception& error) {
    outcome->comment = error.what();
    outcome->status = kOutOfResources;
  }
  current_store = nullptr;
  if (bytes.fd < 0) {  // NOLINT(bugprone-use-after-move): ingest marks what it has taken over
    file.release();
  }
}

}  // namespace hilum::dimse
