// hilum.batches/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/index.h>
#include <hilum/cpp/records.h>
#include <hilum/draft/batches.h>

#include <memory>
#include <string_view>

namespace hilum {

// Instances, metadata, labels, removals and records that happen as a whole or not at all: see hilum/draft/batches.h.
// Owned by whoever fills it; one thread at a time. Dropped without commit(), nothing has happened.
class Batch {
 public:
  explicit Batch(Host host)
      : host_(host),
        table_(&host.service<hilum_batches_draft>(HILUM_BATCHES_DRAFT)),
        batch_(open(), table_->close) {}

  hilum_stored add(std::string_view dicom, const hilum_origin* origin = nullptr) {
    hilum_stored stored{};
    stored.size = sizeof stored;
    host_.check(table_->add(batch_.get(), dicom.data(), dicom.size(), origin, &stored));
    return stored;
  }
  void set_metadata(std::string_view public_id, int32_t key, std::string_view value) {
    host_.check(table_->set_metadata(batch_.get(), to_text(public_id), key, to_text(value)));
  }
  void add_label(std::string_view public_id, std::string_view label) {
    host_.check(table_->add_label(batch_.get(), to_text(public_id), to_text(label)));
  }
  void remove(std::string_view public_id) { host_.check(table_->remove(batch_.get(), to_text(public_id))); }
  void put_record(std::string_view store, std::string_view key, std::string_view value) {
    const hilum_record_change change{to_text(key), Records::present(value)};
    host_.check(table_->write_record(batch_.get(), to_text(store), &change));
  }
  void erase_record(std::string_view store, std::string_view key) {
    const hilum_record_change change{to_text(key), {nullptr, 0}};
    host_.check(table_->write_record(batch_.get(), to_text(store), &change));
  }
  void expect_file(std::string_view public_id, std::string_view uuid) {
    host_.check(table_->expect_file(batch_.get(), to_text(public_id), to_text(uuid)));
  }
  void keep_transfer_syntax() { host_.check(table_->keep_transfer_syntax(batch_.get())); }
  void require_new() { host_.check(table_->require_new(batch_.get())); }
  // on_stored(const hilum_stored&) for each instance, in the order of add(); durable by then.
  template <typename Function>
  void commit(Function&& on_stored) {
    auto call = [&](const hilum_stored* stored) { on_stored(*stored); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    const int32_t status =
        table_->commit(batch_.get(), &decltype(visitor)::template call<const hilum_stored*>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  void commit() { host_.check(table_->commit(batch_.get(), nullptr, nullptr)); }

 private:
  hilum_batch* open() const {
    hilum_batch* batch = nullptr;
    host_.check(table_->open(host_.get(), &batch));
    return batch;
  }

  Host host_;
  const hilum_batches_draft* table_;
  std::unique_ptr<hilum_batch, void (*)(hilum_batch*)> batch_;
};

}  // namespace hilum
