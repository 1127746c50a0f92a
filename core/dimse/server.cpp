#include "core/dimse/server.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dul.h>
#include <hilum/cpp/error.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/dimse/acceptor.h"
#include "core/dimse/association.h"
#include "core/dimse/association_pool.h"
#include "core/dimse/commitment.h"
#include "core/dimse/scu/scu.h"
#include "core/dimse/tls_door.h"
#include "core/dimse/tls_layer.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {
namespace {

void check(const ServerOptions& options) {
  if (options.aet.empty() || options.aet.size() > 16 || options.aet.find('\\') != std::string::npos) {
    throw Error(HILUM_E_BAD_AET,
                "DicomAet \"" + options.aet + "\": 1 to 16 characters without backslash are needed");
  }
  if (options.maximum_pdu_length < 4096 || options.maximum_pdu_length > 131072) {
    throw Error(HILUM_E_OUT_OF_RANGE, "MaximumPduLength " + std::to_string(options.maximum_pdu_length) +
                                          ": 4096 to 131072 are possible");
  }
}

// DCMTK's network without a port of its own: associations come in through dcmExternalSocketHandle.
struct Network {
  Network(int some_socket, std::chrono::seconds timeout) {
    dcmExternalSocketHandle.set(some_socket);
    const OFCondition condition =
        ASC_initializeNetwork(NET_ACCEPTOR, 0, static_cast<int>(timeout.count()), &network);
    dcmExternalSocketHandle.set(DCMNET_INVALID_SOCKET);
    if (condition.bad()) {
      throw Error(HILUM_E_NETWORK, std::string("DCMTK's network: ") + condition.text());
    }
  }
  ~Network() { ASC_dropNetwork(&network); }
  TlsLayer* use_tls() {
    tls_layer = std::make_unique<TlsLayer>();
    ASC_setTransportLayer(network, tls_layer.get(), 0);
    return tls_layer.get();
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;
  T_ASC_Network* network = nullptr;
  std::unique_ptr<TlsLayer> tls_layer;
};

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, ingest::Ingest& ingest)
      : options_(std::move(options)),
        store_(ingest, options_.memory_per_instance),
        find_(ingest, options_, handlers_),
        move_(ingest, options_, handlers_),
        get_(ingest, handlers_),
        worklists_(handlers_),
        commitment_(ingest, handlers_,
                    [this](const std::string& remote_aet, const std::string& local_aet, uint16_t event,
                           const std::string& data_set, const std::function<bool()>& still_wanted) {
                      send_report(remote_aet, local_aet, event, data_set, still_wanted);
                    }),
        rules_(std::make_shared<const NegotiationRules>(options_, options_.accepted_transfer_syntaxes,
                                                        options_.unknown_sop_class_accepted)),
        ingest_(ingest) {}
  ~Impl() { stop(std::chrono::milliseconds(0)); }

  void start();
  void stop(std::chrono::milliseconds patience);
  uint16_t port() const { return port_; }

  std::shared_ptr<const NegotiationRules> rules() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return rules_;
  }
  template <typename Make>
  void replace_rules(const Make& make) {
    const std::lock_guard<std::mutex> lock(mutex_);
    rules_ = make(*rules_);
  }
  dicom::Encoding encoding() const { return ingest_.options().default_encoding; }
  const ServerOptions& options() const { return options_; }
  const ingest::Ingest& ingest() const { return ingest_; }
  Handlers& handlers() { return handlers_; }
  const CommitmentScp& commitment() const { return commitment_; }
  Counters counters() const;

 private:
  void accept_loop();
  std::shared_ptr<const Modalities> modalities() const;
  void send_report(const std::string& remote_aet, const std::string& local_aet, uint16_t event,
                   const std::string& data_set, const std::function<bool()>& still_wanted) const;
  void admit(Ready&& ready);
  void reject(const Ready& ready);

  const ServerOptions options_;
  Handlers handlers_;
  StoreScp store_;
  FindScp find_;
  MoveScp move_;
  GetScp get_;
  WorklistScp worklists_;
  CommitmentScp commitment_;
  mutable std::mutex mutex_;  // guards rules_; acceptor_ and pool_ against those who count
  std::shared_ptr<const NegotiationRules> rules_;
  const ingest::Ingest& ingest_;
  std::atomic<uint64_t> associations_{0}, rejected_{0}, instances_stored_{0};

  // Between start() and stop(), in the order in which they need each other.
  std::atomic<uint16_t> port_{0};
  UniqueFd stop_event_;
  std::unique_ptr<Acceptor> acceptor_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Shared> shared_;
  std::unique_ptr<AssociationPool> pool_;
  std::unique_ptr<TlsDoor> tls_door_;  // with TLS only
  std::thread accept_thread_;
};

std::shared_ptr<const Modalities> Server::Impl::modalities() const {
  static const auto none = std::make_shared<const Modalities>();
  return options_.modalities ? options_.modalities() : none;
}

void Server::Impl::send_report(const std::string& remote_aet, const std::string& local_aet, uint16_t event,
                               const std::string& data_set, const std::function<bool()>& still_wanted) const {
  constexpr const char* kWellKnownInstance = "1.2.840.10008.1.20.1.1";  // PS3.4 section J.3.5
  if (handlers_.scu == nullptr) {
    throw Error(HILUM_E_UNAVAILABLE, "this process sends nothing");
  }
  const std::shared_ptr<const Modalities> known = modalities();
  const auto modality = std::find_if(known->begin(), known->end(), [&](const Modality& one) {
    return same_aet(one.aet, remote_aet, options_.strict_aet);
  });
  if (modality == known->end()) {
    throw Error(HILUM_E_INEXISTENT_ITEM, "no modality has the title \"" + remote_aet + "\"");
  }
  TargetOverrides overrides;
  overrides.local_aet = local_aet;
  Target target = make_target(*modality, handlers_.scu->options(), overrides);
  target.still_wanted = still_wanted;
  handlers_.scu->event_report(target,
                              {UID_StorageCommitmentPushModelSOPClass, kWellKnownInstance, event, data_set});
}

void Server::Impl::start() {
  check(options_);
  if (accept_thread_.joinable()) {
    throw Error(HILUM_E_BAD_SEQUENCE, "the DICOM server runs already");
  }
  std::shared_ptr<const TlsContext> tls;
  if (options_.tls.is_enabled) {
    tls = std::make_shared<const TlsContext>(options_.tls, TlsRole::kServer);
  }
  stop_event_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  auto acceptor =
      std::make_unique<Acceptor>(options_.bind_address, options_.port,
                                 AcceptorLimits{options_.maximum_silent, options_.maximum_silent_per_address,
                                                options_.acse_timeout, tls != nullptr});
  port_ = acceptor->port();
  network_ = std::make_unique<Network>(
      stop_event_.get(), std::chrono::duration_cast<std::chrono::seconds>(options_.acse_timeout));
  shared_ = std::make_unique<Shared>(
      Shared{options_, store_, find_, move_, get_, worklists_, commitment_, handlers_, network_->network,
             tls ? network_->use_tls() : nullptr, stop_event_.get(), [this] { return rules(); },
             [this] { return modalities(); }, [this] { return encoding(); }, rejected_, instances_stored_});
  auto pool = std::make_unique<AssociationPool>(options_.maximum_associations, options_.maximum_waiting,
                                                options_.waiting_timeout,
                                                [this](Ready& ready) { serve_association(*shared_, ready); });
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    acceptor_ = std::move(acceptor);
    pool_ = std::move(pool);
  }
  if (rules()->accepted_transfer_syntaxes().empty()) {
    log_warning(LogCategory::kDicom, "no transfer syntax is accepted: storage by C-STORE is disabled");
  }
  if (tls) {
    tls_door_ =
        std::make_unique<TlsDoor>(tls, options_.maximum_silent, options_.acse_timeout, stop_event_.get(),
                                  [this](Ready&& ready) { admit(std::move(ready)); });
  }
  accept_thread_ = std::thread([this] { accept_loop(); });
  log_info(LogCategory::kDicom, "DICOM server listens on port {} as {}{}", port(), options_.aet,
           tls ? ", with TLS" : "");
}

void Server::Impl::accept_loop() {
  static Gauge& open = metrics().gauge("hilum_dicom_associations_open");
  try {
    acceptor_->run(
        stop_event_.get(),
        [&](Ready&& ready) {
          if (tls_door_) {
            tls_door_->admit(std::move(ready));
          } else {
            admit(std::move(ready));
          }
        },
        [&] {
          for (const Ready& expired : pool_->take_expired()) {
            reject(expired);
          }
          open.set(static_cast<double>(pool_->running()));
        });
  } catch (const std::exception& error) {
    log_error(LogCategory::kDicom, "the DICOM server accepts no more connections: {}", error.what());
  }
}

// On the thread of the acceptor, or on that of the TLS door.
void Server::Impl::admit(Ready&& ready) {
  static Counter& total = metrics().counter("hilum_dicom_associations");
  if (const std::optional<Ready> refused = pool_->submit(std::move(ready))) {
    reject(*refused);
    return;
  }
  associations_.fetch_add(1, std::memory_order_relaxed);
  total.add();
}

void Server::Impl::reject(const Ready& ready) {
  rejected_.fetch_add(1, std::memory_order_relaxed);
  reject_for_limit(ready);
}

void Server::Impl::stop(std::chrono::milliseconds patience) {
  if (!accept_thread_.joinable()) {
    return;
  }
  const uint64_t one = 1;
  if (write(stop_event_.get(), &one, sizeof one) != sizeof one) {
    log_error(LogCategory::kDicom, "cannot signal the end to the DICOM server's threads");
  }
  accept_thread_.join();
  commitment_.stop();
  tls_door_.reset();
  for (const Ready& waiting : pool_->stop(patience)) {
    reject(waiting);
  }
  std::unique_ptr<AssociationPool> pool;
  std::unique_ptr<Acceptor> acceptor;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    pool = std::move(pool_);
    acceptor = std::move(acceptor_);
  }
  pool.reset();
  shared_.reset();
  network_.reset();
  acceptor.reset();
  stop_event_.reset();
}

Server::Counters Server::Impl::counters() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {pool_ ? pool_->running() : 0, associations_.load(), rejected_.load(),
          acceptor_ ? acceptor_->dropped() : 0, instances_stored_.load()};
}

Server::Server(ServerOptions options, ingest::Ingest& ingest)
    : impl_(std::make_unique<Impl>(std::move(options), ingest)) {}
Server::~Server() = default;
void Server::start() { impl_->start(); }
uint16_t Server::port() const { return impl_->port(); }
void Server::stop(std::chrono::milliseconds patience) { impl_->stop(patience); }

std::vector<std::string> Server::accepted_transfer_syntaxes() const {
  return impl_->rules()->accepted_transfer_syntaxes();
}
void Server::set_accepted_transfer_syntaxes(std::vector<std::string> uids) {
  if (uids.empty()) {
    log_warning(LogCategory::kDicom, "no transfer syntax is accepted: storage by C-STORE is disabled");
  }
  impl_->replace_rules([&](const NegotiationRules& old) {
    return std::make_shared<const NegotiationRules>(impl_->options(), std::move(uids),
                                                    old.unknown_sop_class_accepted());
  });
}
bool Server::unknown_sop_class_accepted() const { return impl_->rules()->unknown_sop_class_accepted(); }
void Server::set_unknown_sop_class_accepted(bool accepted) {
  impl_->replace_rules([&](const NegotiationRules& old) {
    return std::make_shared<const NegotiationRules>(impl_->options(), old.accepted_transfer_syntaxes(),
                                                    accepted);
  });
}
dicom::Encoding Server::default_encoding() const { return impl_->encoding(); }
std::vector<std::string> Server::accepted_sop_classes() const {
  const auto rules = impl_->rules();
  return {rules->storage_classes().begin(), rules->storage_classes().end()};
}
const ServerOptions& Server::options() const { return impl_->options(); }
Handlers& Server::handlers() { return impl_->handlers(); }
bool Server::has_worklists() const { return !impl_->handlers().worklists.empty(); }
void Server::set_scu(Scu& scu) { impl_->handlers().scu = &scu; }
void Server::answer_commitment(const CommitmentRequest& request) const {
  impl_->commitment().answer(request);
}
void Server::look_up_commitment(std::vector<CommitmentItem>* items) const {
  dimse::look_up_commitment(impl_->ingest(), items);
}
Server::Counters Server::counters() const { return impl_->counters(); }

}  // namespace hilum::dimse
