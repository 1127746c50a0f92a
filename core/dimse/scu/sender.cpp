#include "core/dimse/scu/sender.h"

#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <hilum/index.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/log.h"
#include "core/dimse/command_log.h"
#include "core/dimse/outgoing_instance.h"
#include "core/dimse/request_io.h"
#include "core/dimse/scu/pool.h"
#include "core/dimse/scu/proposals.h"
#include "core/dimse/scu/scu.h"

namespace hilum::dimse {
namespace {

// An instance up to this size is read while the peer still works on the one before.
constexpr uint64_t kReadAhead = 1 << 20;

bool is_success(uint16_t status) {
  switch (status) {
    case 0x0000:
    case 0x0111:  // duplicate SOP instance
    case 0xb000:  // coercion of data elements
    case 0xb006:  // elements discarded
    case 0xb007:  // data set does not match SOP class
      return true;
    default:
      return false;
  }
}

std::string metadata_of(const index::Resource& instance, int32_t key) {
  for (const index::Metadata& metadata : instance.system_metadata) {
    if (metadata.key == key) return metadata.value;
  }
  return {};
}

// One instance, with its bytes as far as they were read ahead.
struct Loaded {
  std::unique_ptr<OutgoingInstance> instance;
  std::optional<std::string> bytes;

  dicom::ByteSource data_set() const {
    return bytes ? dicom::ByteSource(bytes->data(), bytes->size()) : instance->data_set();
  }
};

}  // namespace

class StoreSender final : public Sender {
 public:
  StoreSender(Scu& scu, Target target, SendOptions options)
      : scu_(scu), target_(std::move(target)), options_(std::move(options)) {
    may_transcode_ =
        scu.options().transcode && target_.modality.allow_transcoding && !options_.no_transcoding;
  }
  ~StoreSender() override {
    if (connection_ && options_.releases_at_end) {
      connection_->release();
    } else if (connection_) {
      scu_.pool_->give_back(target_, std::move(connection_));
    }
  }
  StoreSender(const StoreSender&) = delete;
  StoreSender& operator=(const StoreSender&) = delete;

  void announce(const std::vector<index::PublicId>& instances) override;
  void send(const index::PublicId& instance, Sent* sent) override;
  void send_file(const dicom::ByteSource& file, Sent* sent) override;

 private:
  void transmit(Loaded loaded, Sent* sent);
  const AcceptedContext& prepare(Loaded& loaded, Sent* sent);
  const AcceptedContext* accepted_for(const OutgoingInstance& instance) const;
  const AcceptedContext& transcode(Loaded& loaded, Sent* sent);
  void connect(const OutgoingInstance& instance);
  Command exchange(const Loaded& loaded, const AcceptedContext& context, CommandLog& log);
  std::string request(uint16_t message_id, const OutgoingInstance& instance) const;
  Loaded load(const index::PublicId& id) const;
  void read_ahead() noexcept;
  [[noreturn]] void refuse(const OutgoingInstance& instance) const;

  Scu& scu_;
  const Target target_;
  const SendOptions options_;
  bool may_transcode_ = false;
  StorageNeeds needs_;
  std::vector<index::PublicId> announced_;
  size_t next_ = 0;  // in announced_
  std::optional<index::PublicId> ahead_id_;
  Loaded ahead_;
  std::unique_ptr<Connection> connection_;
  bool was_idle_ = false;  // the connection has been of use before, so that the peer may have ended it since
};

void StoreSender::announce(const std::vector<index::PublicId>& instances) {
  const index::Snapshot snapshot = scu_.ingest().snapshot();
  for (const index::PublicId& id : instances) {
    const std::optional<index::Resource> instance = snapshot.find(id, index::Level::kInstance);
    if (!instance) continue;
    const std::string sop_class = metadata_of(*instance, HILUM_METADATA_SOP_CLASS);
    const std::string syntax = metadata_of(*instance, HILUM_METADATA_TRANSFER_SYNTAX);
    if (!sop_class.empty() && !syntax.empty()) needs_.add(sop_class, syntax);
  }
  announced_.erase(announced_.begin(), announced_.begin() + static_cast<std::ptrdiff_t>(next_));
  next_ = 0;
  announced_.insert(announced_.end(), instances.begin(), instances.end());
}

Loaded StoreSender::load(const index::PublicId& id) const {
  const std::optional<index::Resource> instance = scu_.ingest().snapshot().find(id, index::Level::kInstance);
  Loaded loaded;
  if (instance) loaded.instance = OutgoingInstance::open(scu_.ingest(), *instance);
  if (!loaded.instance) {
    throw Error(HILUM_E_UNKNOWN_RESOURCE, "there is no instance " + id.to_string() + " to send");
  }
  return loaded;
}

// The next one that was announced; what goes wrong is told when it is sent.
void StoreSender::read_ahead() noexcept {
  if (next_ >= announced_.size() || ahead_id_ == announced_[next_]) return;
  try {
    Loaded loaded = load(announced_[next_]);
    const dicom::ByteSource data_set = loaded.instance->data_set();
    if (data_set.memory() == nullptr && data_set.size() <= kReadAhead) {
      loaded.bytes = data_set.copy(0, data_set.size());
    }
    ahead_ = std::move(loaded);
    ahead_id_ = announced_[next_];
  } catch (const std::exception&) {
    ahead_id_.reset();
  }
}

void StoreSender::send(const index::PublicId& instance, Sent* sent) {
  *sent = {};
  const auto announced =
      std::find(announced_.begin() + static_cast<std::ptrdiff_t>(next_), announced_.end(), instance);
  if (announced != announced_.end()) next_ = static_cast<size_t>(announced - announced_.begin()) + 1;
  Loaded loaded;
  if (ahead_id_ == instance) {
    loaded = std::move(ahead_);
    ahead_id_.reset();
  } else {
    loaded = load(instance);
  }
  transmit(std::move(loaded), sent);
}

void StoreSender::send_file(const dicom::ByteSource& file, Sent* sent) {
  *sent = {};
  Loaded loaded;
  loaded.instance = OutgoingInstance::of_file(file, scu_.ingest().spool_directory());
  if (loaded.instance->sop_class().empty() || loaded.instance->sop_instance().empty()) {
    throw Error(HILUM_E_NO_SOP_CLASS_OR_INSTANCE);
  }
  transmit(std::move(loaded), sent);
}

void StoreSender::refuse(const OutgoingInstance& instance) const {
  throw Error(HILUM_E_NETWORK,
              fmt::format("No valid presentation context was negotiated for SOP class UID [{}] and transfer "
                          "syntax [{}] while sending to modality [{}]",
                          instance.sop_class(), instance.transfer_syntax(), target_.modality.aet));
}

// An association on which this class and syntax have been proposed.
void StoreSender::connect(const OutgoingInstance& instance) {
  needs_.add(instance.sop_class(), instance.transfer_syntax());
  const auto fits = [&](const Connection& connection) {
    return is_proposed(connection.proposals(), instance.sop_class(), instance.transfer_syntax()) &&
           (!may_transcode_ || is_proposed(connection.proposals(), instance.sop_class(),
                                           scu_.options().preferred_transfer_syntax));
  };
  if (connection_ && !connection_->is_silent()) connection_.reset();
  if (connection_ && fits(*connection_)) {
    was_idle_ = true;
    return;
  }
  if (connection_) std::exchange(connection_, nullptr)->release();
  connection_ = scu_.pool_->take(target_, fits);
  was_idle_ = connection_ != nullptr;
  if (!connection_) {
    scu_.pool_->make_room(target_);
    connection_ = Connection::open(target_, scu_.tls_, scu_.options().maximum_pdu_length,
                                   storage_proposals(needs_, instance.sop_class(), may_transcode_,
                                                     scu_.options().preferred_transfer_syntax));
  }
}

// Into the preferred syntax if the peer takes it, else into an uncompressed one that it takes.
const AcceptedContext& StoreSender::transcode(Loaded& loaded, Sent* sent) {
  const dicom::FrameCodecs* const codecs = scu_.codecs();
  const OutgoingInstance& instance = *loaded.instance;
  std::vector<std::string> candidates{scu_.options().preferred_transfer_syntax};
  candidates.insert(candidates.end(), uncompressed_syntaxes().begin(), uncompressed_syntaxes().end());
  bool is_any_accepted = false;
  std::optional<Error> failure;
  for (const std::string& syntax : candidates) {
    const AcceptedContext* const context = connection_->find(instance.sop_class(), syntax);
    if (context == nullptr) continue;
    is_any_accepted = true;
    if (codecs == nullptr) break;
    try {
      loaded.instance->transcode(syntax, *codecs, scu_.options().lossy_quality);
      loaded.bytes.reset();
      sent->transcoded = true;
      return *context;
    } catch (const Error& error) {
      failure = error;
    }
  }
  if (!is_any_accepted) refuse(instance);
  if (failure) throw Error(*failure);
  throw Error(HILUM_E_NOT_IMPLEMENTED, fmt::format("nobody can transcode an instance from {} for {}",
                                                   instance.transfer_syntax(), target_.where()));
}

const AcceptedContext* StoreSender::accepted_for(const OutgoingInstance& instance) const {
  return connection_->find(instance.sop_class(), instance.transfer_syntax());
}

// Association, context and the bytes that fit it.
const AcceptedContext& StoreSender::prepare(Loaded& loaded, Sent* sent) {
  connect(*loaded.instance);
  if (const AcceptedContext* const context = accepted_for(*loaded.instance)) return *context;
  if (!may_transcode_) refuse(*loaded.instance);
  return transcode(loaded, sent);
}

std::string StoreSender::request(uint16_t message_id, const OutgoingInstance& instance) const {
  Request request{kStoreRequest, message_id, instance.sop_class(), instance.sop_instance()};
  if (options_.move_originator_id != 0) {
    request.originator_aet = options_.move_originator_aet;
    request.originator_id = options_.move_originator_id;
  }
  return encode_request(request, true);
}

Command StoreSender::exchange(const Loaded& loaded, const AcceptedContext& context, CommandLog& log) {
  const uint16_t id = connection_->next_message_id();
  const dicom::ByteSource data_set = loaded.data_set();
  connection_->expect_answer();
  connection_->send(target_, context.number, request(id, *loaded.instance), data_set);
  log.add_sent(data_set.size());
  read_ahead();
  const Connection::Received received = connection_->receive(target_);
  if (received.command.field != kStoreResponse || received.command.responded_message_id != id) {
    throw ConnectionError(fmt::format("{}: {} instead of the response to C-STORE", target_.where(),
                                      command_name(received.command.field)));
  }
  if (received.command.has_data_set) {
    connection_->receive_data_set(target_, received.context, kMaximumIdentifier);
  }
  return received.command;
}

void StoreSender::transmit(Loaded loaded, Sent* sent) {
  CommandLog log(CommandRole::kScu, kStoreRequest);
  log.set_peer(target_.modality.aet, target_.modality.host, target_.modality.port);
  Command response;
  try {
    for (;;) {
      const AcceptedContext context = prepare(loaded, sent);
      sent->sop_class = loaded.instance->sop_class();
      sent->sop_instance = loaded.instance->sop_instance();
      sent->transfer_syntax = loaded.instance->transfer_syntax();
      sent->bytes = loaded.data_set().size();
      log.set_instance(sent->sop_instance);
      const auto begun = std::chrono::steady_clock::now();
      try {
        response = exchange(loaded, context, log);
        break;
      } catch (const ConnectionError&) {
        const bool is_late =
            target_.timeout.count() > 0 && std::chrono::steady_clock::now() - begun >= target_.timeout;
        const bool once_more = was_idle_ && !connection_->has_answered() && !is_late;
        connection_.reset();
        if (!once_more) throw;
      } catch (...) {
        connection_.reset();  // in the middle of a message
        throw;
      }
    }
  } catch (const Error& error) {
    log.lost(error.details());
    throw;
  }
  sent->status = response.status;
  log.finish(response.status);  // the peer's comment may tell whose image it was
  if (!is_success(response.status)) {
    std::string details =
        fmt::format("{}: C-STORE failed, DIMSE status 0x{:04x}", target_.where(), response.status);
    if (!response.comment.empty()) details += " (" + response.comment + ")";
    throw DimseError(Error(HILUM_E_NETWORK, std::move(details)), response.status);
  }
}

std::unique_ptr<Sender> Scu::open_sender(Target target, SendOptions options) {
  return std::make_unique<StoreSender>(*this, std::move(target), std::move(options));
}

}  // namespace hilum::dimse
