// hilum.scu/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/index.h>
#include <hilum/draft/scu.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hilum {

// Whom to talk to. Empty parts are those of the modality.
struct ScuTarget {
  std::string modality;    // symbolic name; or empty, and then:
  std::string definition;  // JSON as of hilum/draft/modalities.h
  std::string local_aet, called_aet, host;
  uint16_t port = 0;
  std::optional<uint32_t> timeout;     // seconds, 0: none
  std::function<bool()> still_wanted;  // empty: always; see hilum_scu_target
};

// A failure of the SCU service: the error as the host tells it, and the DIMSE status that the target has answered (0: none).
class ScuError : public Error {
 public:
  ScuError(const Error& cause, uint32_t dimse_status) : Error(cause), dimse_status_(dimse_status) {}
  uint32_t dimse_status() const { return dimse_status_; }

 private:
  uint32_t dimse_status_;
};

namespace detail {

// The target as the ABI takes it; points into the ScuTarget.
class BorrowedTarget {
 public:
  explicit BorrowedTarget(const ScuTarget& from) : from_(from) {
    target_.size = sizeof target_;
    target_.flags = from.timeout ? HILUM_SCU_TIMEOUT : 0;
    if (from.modality.empty()) {
      target_.definition = to_text(from.definition);
    } else {
      target_.modality = to_text(from.modality);
    }
    if (!from.local_aet.empty()) target_.local_aet = to_text(from.local_aet);
    if (!from.called_aet.empty()) target_.called_aet = to_text(from.called_aet);
    if (!from.host.empty()) target_.host = to_text(from.host);
    target_.port = from.port;
    target_.timeout = from.timeout.value_or(0);
    if (from.still_wanted) {
      target_.still_wanted = &BorrowedTarget::still_wanted;
      target_.still_wanted_context = this;
    }
  }
  BorrowedTarget(const BorrowedTarget&) = delete;
  BorrowedTarget& operator=(const BorrowedTarget&) = delete;

  const hilum_scu_target* get() const { return &target_; }

 private:
  static int32_t still_wanted(void* context) {
    try {
      return static_cast<BorrowedTarget*>(context)->from_.still_wanted() ? 1 : 0;
    } catch (...) {
      return 0;
    }
  }
  const ScuTarget& from_;
  hilum_scu_target target_{};
};

// A callback whose function returns false to stop; what it throws comes back out of rethrow().
template <typename Function>
struct StoppingVisitor {
  Function& function;
  std::exception_ptr error;

  template <typename... Args>
  static int32_t call(void* context, Args... args) {
    auto* self = static_cast<StoppingVisitor*>(context);
    try {
      return self->function(args...) ? 0 : 1;
    } catch (...) {
      self->error = std::current_exception();
      return 1;
    }
  }
  void rethrow() const {
    if (error) std::rethrow_exception(error);
  }
};

}  // namespace detail

// Asks other DICOM systems. Copyable; usable from every thread. Failures are thrown as ScuError.
class Scu {
 public:
  explicit Scu(Host host) : host_(host), table_(&host.service<hilum_scu_draft>(HILUM_SCU_DRAFT)) {}

  // The target as it will be called (JSON), see hilum/draft/scu.h.
  std::string resolve(const ScuTarget& target) const {
    StringSink json;
    host_.check(table_->resolve(host_.get(), detail::BorrowedTarget(target).get(), json.sink()));
    return std::move(json.text());
  }

  void echo(const ScuTarget& target) const {
    uint32_t dimse = 0;
    check(table_->echo(host_.get(), detail::BorrowedTarget(target).get(), &dimse), dimse);
  }

  // on_match(std::string_view data_set) returns false to stop: then find() throws HILUM_E_CANCELED_JOB once the target has
  // answered.
  template <typename Function>
  void find(const ScuTarget& target, hilum_scu_model model, std::string_view identifier,
            Function&& on_match) const {
    auto call = [&](const void* data, uint64_t size) {
      return on_match(std::string_view(static_cast<const char*>(data), size));
    };
    detail::StoppingVisitor<decltype(call)> visitor{call, {}};
    uint32_t dimse = 0;
    const int32_t status = table_->find(
        host_.get(), detail::BorrowedTarget(target).get(), model, identifier.data(), identifier.size(),
        &decltype(visitor)::template call<const void*, uint64_t>, &visitor, &dimse);
    visitor.rethrow();
    check(status, dimse);
  }

  // on_progress(const hilum_scu_progress&) returns false to stop. Gives the last response; `last`, if it is not null, gets
  // it also when the move fails. `move_aet` empty: DicomAet.
  template <typename Function>
  hilum_scu_progress move(const ScuTarget& target, hilum_scu_model model, std::string_view identifier,
                          std::string_view move_aet, Function&& on_progress,
                          hilum_scu_progress* last = nullptr) const {
    auto call = [&](const hilum_scu_progress* progress) { return on_progress(*progress); };
    detail::StoppingVisitor<decltype(call)> visitor{call, {}};
    hilum_scu_progress progress{};
    progress.size = sizeof progress;
    const int32_t status =
        table_->move(host_.get(), detail::BorrowedTarget(target).get(), model, identifier.data(),
                     identifier.size(), move_aet.empty() ? hilum_text{nullptr, 0} : to_text(move_aet),
                     &decltype(visitor)::template call<const hilum_scu_progress*>, &visitor, &progress);
    if (last) *last = progress;
    visitor.rethrow();
    check(status, progress.dimse_status);
    return progress;
  }

  // on_received(const hilum_stored&) and on_progress(const hilum_scu_progress&) return false to stop, as of move() otherwise.
  // `sop_classes` empty: the usual ones.
  template <typename Received, typename Progress>
  hilum_scu_progress get(const ScuTarget& target, hilum_scu_model model, std::string_view identifier,
                         const std::vector<std::string>& sop_classes, Received&& on_received,
                         Progress&& on_progress, hilum_scu_progress* last = nullptr) const {
    auto received = [&](const hilum_stored* stored) { return on_received(*stored); };
    auto counted = [&](const hilum_scu_progress* progress) { return on_progress(*progress); };
    using OnReceived = detail::StoppingVisitor<decltype(received)>;
    using OnProgress = detail::StoppingVisitor<decltype(counted)>;
    struct Both {
      OnReceived received;
      OnProgress progress;
      static int32_t on_received(void* context, const hilum_stored* stored) {
        return OnReceived::template call<const hilum_stored*>(&static_cast<Both*>(context)->received, stored);
      }
      static int32_t on_progress(void* context, const hilum_scu_progress* progress) {
        return OnProgress::template call<const hilum_scu_progress*>(&static_cast<Both*>(context)->progress,
                                                                    progress);
      }
    } both{{received, {}}, {counted, {}}};
    const std::vector<hilum_text> classes = texts(sop_classes);
    hilum_scu_progress progress{};
    progress.size = sizeof progress;
    const int32_t status = table_->get(host_.get(), detail::BorrowedTarget(target).get(), model,
                                       identifier.data(), identifier.size(), classes.data(), classes.size(),
                                       &Both::on_received, &Both::on_progress, &both, &progress);
    if (last) *last = progress;
    both.received.rethrow();
    both.progress.rethrow();
    check(status, progress.dimse_status);
    return progress;
  }
  // The same without a look at the progress.
  template <typename Received>
  hilum_scu_progress get(const ScuTarget& target, hilum_scu_model model, std::string_view identifier,
                         const std::vector<std::string>& sop_classes, Received&& on_received) const {
    return get(target, model, identifier, sop_classes, std::forward<Received>(on_received),
               [](const hilum_scu_progress&) { return true; });
  }

  void action(const ScuTarget& target, std::string_view sop_class, std::string_view sop_instance,
              uint32_t action_type, std::string_view information) const {
    uint32_t dimse = 0;
    check(table_->action(host_.get(), detail::BorrowedTarget(target).get(), to_text(sop_class),
                         to_text(sop_instance), action_type, information.data(), information.size(), &dimse),
          dimse);
  }

 private:
  static std::vector<hilum_text> texts(const std::vector<std::string>& from) {
    std::vector<hilum_text> texts;
    for (const std::string& text : from) texts.push_back(to_text(text));
    return texts;
  }
  void check(int32_t status, uint32_t dimse) const {
    if (status != HILUM_OK) throw ScuError(host_.last_error(status), dimse);
  }

  Host host_;
  const hilum_scu_draft* table_;
};

// Sends instances to one target over one association; see hilum/draft/scu.h. Owned by whoever sends; one thread at a time.
// Failures are thrown as ScuError; the sender can be used further.
class ScuSender {
 public:
  struct Options {
    bool no_transcoding = false;
    std::string move_originator_aet;
    uint16_t move_originator_id = 0;
  };

  ScuSender(Host host, ScuTarget target, const Options& options)
      : host_(host),
        table_(&host.service<hilum_scu_draft>(HILUM_SCU_DRAFT)),
        target_(std::make_unique<ScuTarget>(std::move(target))),
        borrowed_(std::make_unique<detail::BorrowedTarget>(*target_)),
        sender_(open(options), table_->sender_close) {}
  ScuSender(Host host, ScuTarget target) : ScuSender(host, std::move(target), Options()) {}

  void announce(const std::vector<std::string>& instance_ids) {
    std::vector<hilum_text> ids;
    for (const std::string& id : instance_ids) ids.push_back(to_text(id));
    host_.check(table_->sender_announce(sender_.get(), ids.data(), ids.size()));
  }
  hilum_sent send(std::string_view instance_id) {
    hilum_sent sent = empty();
    check(table_->sender_send(sender_.get(), to_text(instance_id), &sent), sent);
    return sent;
  }
  hilum_sent send_file(std::string_view dicom) {
    hilum_sent sent = empty();
    check(table_->sender_send_file(sender_.get(), dicom.data(), dicom.size(), &sent), sent);
    return sent;
  }

 private:
  static hilum_sent empty() {
    hilum_sent sent{};
    sent.size = sizeof sent;
    return sent;
  }
  void check(int32_t status, const hilum_sent& sent) const {
    if (status != HILUM_OK) throw ScuError(host_.last_error(status), sent.dimse_status);
  }
  hilum_sender* open(const Options& given) const {
    hilum_send_options options{};
    options.size = sizeof options;
    options.flags = given.no_transcoding ? HILUM_SEND_NO_TRANSCODING : 0;
    options.move_originator_aet = to_text(given.move_originator_aet);
    options.move_originator_id = given.move_originator_id;
    hilum_sender* sender = nullptr;
    host_.check(table_->sender_open(host_.get(), borrowed_->get(), &options, &sender));
    return sender;
  }

  Host host_;
  const hilum_scu_draft* table_;
  std::unique_ptr<ScuTarget> target_;  // where its `still_wanted` is called as long as the sender lives
  std::unique_ptr<detail::BorrowedTarget> borrowed_;
  std::unique_ptr<hilum_sender, void (*)(hilum_sender*)> sender_;
};

}  // namespace hilum
