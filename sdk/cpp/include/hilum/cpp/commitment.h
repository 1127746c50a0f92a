// hilum.commitment/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/draft/commitment.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace hilum {

struct CommitmentItem {
  std::string sop_class, sop_instance;
  uint32_t failure_reason = HILUM_COMMITMENT_OK;
};

// A request of a peer, kept beyond the call that has brought it.
struct CommitmentRequest {
  std::string transaction_uid, remote_aet, called_aet;
  std::vector<CommitmentItem> items;

  static std::vector<CommitmentItem> copy(const hilum_commitment_item* items, uint64_t count) {
    std::vector<CommitmentItem> copies;
    copies.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
      copies.push_back({std::string(to_view(items[i].sop_class)), std::string(to_view(items[i].sop_instance)),
                        items[i].failure_reason});
    }
    return copies;
  }
  static CommitmentRequest copy(const hilum_commitment_request& request) {
    return {std::string(to_view(request.transaction_uid)), std::string(to_view(request.remote_aet)),
            std::string(to_view(request.called_aet)), copy(request.items, request.item_count)};
  }
};

// Storage commitment. A member of the plugin's class; provide and listen only inside its constructor, each once.
class Commitment {
 public:
  // An exception refuses the N-ACTION. Several at once, on any thread.
  using Start = std::function<void(const hilum_commitment_request& request)>;
  // False: not a transaction of this plugin. Several at once, on any thread.
  using Listener = std::function<bool(const hilum_commitment_report& report)>;

  explicit Commitment(Host host)
      : host_(host), table_(&host.service<hilum_commitment_draft>(HILUM_COMMITMENT_DRAFT)) {}
  Commitment(const Commitment&) = delete;
  Commitment& operator=(const Commitment&) = delete;

  void provide(Start start) {
    start_ = std::move(start);
    host_.check(table_->provide(host_.get(), &Commitment::call, this));
  }
  void listen(Listener listener) {
    listener_ = std::move(listener);
    host_.check(table_->listen(host_.get(), &Commitment::hear, this));
  }
  // Looks the items up and reports over an association of its own. Throws what has failed.
  void answer(const CommitmentRequest& request) const {
    const std::vector<hilum_commitment_item> items = handed(request.items);
    hilum_commitment_request given{};
    given.size = sizeof given;
    given.transaction_uid = to_text(request.transaction_uid);
    given.remote_aet = to_text(request.remote_aet);
    given.called_aet = to_text(request.called_aet);
    given.items = items.data();
    given.item_count = items.size();
    host_.check(table_->answer(host_.get(), &given));
  }
  // The same items with their failure reasons.
  std::vector<CommitmentItem> look_up(const std::vector<CommitmentItem>& items) const {
    const std::vector<hilum_commitment_item> given = handed(items);
    std::vector<CommitmentItem> found;
    found.reserve(items.size());
    host_.check(table_->look_up(
        host_.get(), given.data(), given.size(),
        [](void* context, const hilum_commitment_item* item) {
          auto& list = *static_cast<std::vector<CommitmentItem>*>(context);
          list.push_back({std::string(to_view(item->sop_class)), std::string(to_view(item->sop_instance)),
                          item->failure_reason});
          return int32_t{0};
        },
        &found));
    return found;
  }

 private:
  static std::vector<hilum_commitment_item> handed(const std::vector<CommitmentItem>& items) {
    std::vector<hilum_commitment_item> list;
    list.reserve(items.size());
    for (const CommitmentItem& item : items) {
      list.push_back({to_text(item.sop_class), to_text(item.sop_instance), item.failure_reason, 0});
    }
    return list;
  }
  static int32_t call(void* context, const hilum_commitment_request* request) {
    const auto* self = static_cast<const Commitment*>(context);
    return self->host_.guard([&] { self->start_(*request); });
  }
  static int32_t hear(void* context, const hilum_commitment_report* report) {
    const auto* self = static_cast<const Commitment*>(context);
    bool is_own = false;
    const int32_t status = self->host_.guard([&] { is_own = self->listener_(*report); });
    return status == HILUM_OK && !is_own ? int32_t{HILUM_E_INEXISTENT_ITEM} : status;
  }
  Host host_;
  const hilum_commitment_draft* table_;
  Start start_;
  Listener listener_;
};

}  // namespace hilum
