// hilum.records/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/cpp/index.h>
#include <hilum/draft/records.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hilum {

// One store of durable records. Copyable; usable from every thread. Writes are durable when they return.
class Records {
 public:
  // An absent value erases.
  using Change = std::pair<std::string, std::optional<std::string>>;

  Records(Host host, std::string store)
      : host_(host),
        store_(std::move(store)),
        table_(&host.service<hilum_records_draft>(HILUM_RECORDS_DRAFT)) {}

  std::optional<std::string> get(std::string_view key) const {
    StringSink value;
    const int32_t status = table_->get(host_.get(), to_text(store_), to_text(key), value.sink());
    if (status == HILUM_E_INEXISTENT_ITEM) {
      return std::nullopt;
    }
    host_.check(status);
    return std::move(value.text());
  }
  // visit(std::string_view key, std::string_view value) for all whose keys begin with `prefix`, ascending.
  template <typename Function>
  void scan(std::string_view prefix, Function&& visit) const {
    auto call = [&](hilum_text key, hilum_text value) { visit(to_view(key), to_view(value)); };
    detail::Visitor<decltype(call)> visitor{call, {}};
    const int32_t status = table_->scan(host_.get(), to_text(store_), to_text(prefix),
                                        &decltype(visitor)::template call<hilum_text, hilum_text>, &visitor);
    visitor.rethrow();
    host_.check(status);
  }
  void put(std::string_view key, std::string_view value) const {
    const hilum_record_change change{to_text(key), present(value)};
    host_.check(table_->write(host_.get(), to_text(store_), &change, 1));
  }
  void erase(std::string_view key) const {
    const hilum_record_change change{to_text(key), {nullptr, 0}};
    host_.check(table_->write(host_.get(), to_text(store_), &change, 1));
  }
  // All or none.
  void write(const std::vector<Change>& changes) const {
    std::vector<hilum_record_change> list;
    list.reserve(changes.size());
    for (const Change& change : changes) {
      list.push_back(
          {to_text(change.first), change.second ? present(*change.second) : hilum_text{nullptr, 0}});
    }
    host_.check(table_->write(host_.get(), to_text(store_), list.data(), list.size()));
  }
  // Adds to a record that is a number, and gives the sum.
  int64_t add(std::string_view key, int64_t by = 1) const {
    int64_t sum = 0;
    host_.check(table_->add(host_.get(), to_text(store_), to_text(key), by, &sum));
    return sum;
  }

  // An empty value is one all the same.
  static hilum_text present(std::string_view value) {
    return to_text(value.data() ? value : std::string_view(""));
  }

 private:
  Host host_;
  std::string store_;
  const hilum_records_draft* table_;
};

}  // namespace hilum
