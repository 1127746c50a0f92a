// hilum.modalities/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/index.h>
#include <hilum/draft/modalities.h>

#include <optional>
#include <string>
#include <string_view>

namespace hilum {

// The DICOM systems that the server knows; definitions are JSON texts, see hilum/draft/modalities.h. Copyable; usable from
// every thread.
class Modalities {
 public:
  explicit Modalities(Host host)
      : host_(host), table_(&host.service<hilum_modalities_draft>(HILUM_MODALITIES_DRAFT)) {}

  // visit(std::string_view name, std::string_view json), ascending by name.
  template <typename Function>
  void list(Function&& visit) const {
    auto call = [&](hilum_text name, hilum_text json) { visit(to_view(name), to_view(json)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    const int32_t status =
        table_->list(host_.get(), &decltype(visitor)::template call<hilum_text, hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  // The same for those with this title.
  template <typename Function>
  void by_aet(std::string_view aet, Function&& visit) const {
    auto call = [&](hilum_text name, hilum_text json) { visit(to_view(name), to_view(json)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    const int32_t status = table_->by_aet(
        host_.get(), to_text(aet), &decltype(visitor)::template call<hilum_text, hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  // Throws HILUM_E_INEXISTENT_ITEM, naming it.
  std::string get(std::string_view name) const {
    StringSink json;
    host_.check(table_->get(host_.get(), to_text(name), json.sink()));
    return std::move(json.text());
  }
  std::optional<std::string> find(std::string_view name) const {
    StringSink json;
    const int32_t status = table_->get(host_.get(), to_text(name), json.sink());
    if (status == HILUM_E_INEXISTENT_ITEM) return std::nullopt;
    host_.check(status);
    return std::move(json.text());
  }
  void put(std::string_view name, std::string_view json) const {
    host_.check(table_->put(host_.get(), to_text(name), to_text(json)));
  }
  void remove(std::string_view name) const { host_.check(table_->remove(host_.get(), to_text(name))); }
  // The definition as it would go out.
  std::string normalize(std::string_view json) const {
    StringSink normalized;
    host_.check(table_->normalize(host_.get(), to_text(json), normalized.sink()));
    return std::move(normalized.text());
  }

 private:
  Host host_;
  const hilum_modalities_draft* table_;
};

}  // namespace hilum
