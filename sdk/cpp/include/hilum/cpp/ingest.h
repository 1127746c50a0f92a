// hilum.ingest/1 in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/http.h>
#include <hilum/cpp/index.h>
#include <hilum/ingest.h>

namespace hilum {

// Stores instances. Copyable; usable from every thread. What it reports is durable.
class Ingest {
 public:
  explicit Ingest(Host host) : host_(host), table_(&host.service<hilum_ingest_v1>(HILUM_INGEST_V1)) {}

  hilum_stored store(std::string_view dicom, const hilum_origin* origin = nullptr) const {
    hilum_stored stored{};
    stored.size = sizeof stored;
    host_.check(table_->store(host_.get(), dicom.data(), dicom.size(), origin, &stored));
    return stored;
  }
  // Stores the body of a request, a DICOM file or a ZIP archive: on_stored(const hilum_stored&). True for an
  // archive.
  template <typename Function>
  bool store_body(const Request& request, Function&& on_stored) const {
    auto call = [&](const hilum_stored* stored) { on_stored(*stored); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    int32_t is_archive = 0;
    int32_t status =
        table_->store_body(host_.get(), request.get(), &decltype(visitor)::template call<const hilum_stored*>,
                           &visitor, &is_archive);
    visitor.rethrow();
    host_.check(status);
    return is_archive != 0;
  }
  void reconstruct(std::string_view id, bool files, bool only_own_level) const {
    host_.check(table_->reconstruct(host_.get(), to_text(id), files ? 1 : 0, only_own_level ? 1 : 0));
  }

 private:
  Host host_;
  const hilum_ingest_v1* table_;
};

}  // namespace hilum
