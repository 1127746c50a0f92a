#include "core/index/query_order.h"

#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "core/base/bytes.h"

namespace hilum::index {
namespace {

constexpr size_t kMostBytes = 64u << 20;

// Bytes that compare as the numbers do.
std::string comparable(int64_t number) {
  std::string bytes;
  append_be(bytes, static_cast<uint64_t>(number) ^ (uint64_t{1} << 63));
  return bytes;
}

std::string comparable(double number) {
  uint64_t bits = 0;
  const double positive_zero = number == 0 ? 0 : number;
  std::memcpy(&bits, &positive_zero, sizeof bits);
  // IEEE 754: the magnitude of negative numbers grows downwards.
  bits = (bits >> 63) != 0 ? ~bits : bits | (uint64_t{1} << 63);
  std::string bytes;
  append_be(bytes, bits);
  return bytes;
}

template <typename Number>
std::optional<std::string> number_key(std::string_view text) {
  text = dicom::strip_spaces(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
  }
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || std::isnan(static_cast<double>(number))) {
    return std::nullopt;
  }
  return comparable(number);
}

std::optional<std::string> sort_key(const Snapshot& snapshot, const Found& found, const Ordering& ordering) {
  std::string text;
  if (ordering.tag) {
    const dicom::TagValue* value = found.tag(*ordering.tag);
    if (value == nullptr || value->is_json) {
      return std::nullopt;
    }
    text = value->value;
  } else {
    std::optional<Metadata> metadata = snapshot.metadata(found.resource(), ordering.metadata_key);
    if (!metadata) {
      return std::nullopt;
    }
    text = std::move(metadata->value);
  }
  switch (ordering.as) {
    case OrderAs::kInteger:
      return number_key<int64_t>(text);
    case OrderAs::kFloat:
      return number_key<double>(text);
    case OrderAs::kText:
      break;
  }
  return text;
}

struct Entry {
  ResourceId id = 0;
  bool is_doubtful = false;
  std::vector<std::optional<std::string>> keys;

  size_t bytes() const {
    size_t sum = sizeof *this + keys.size() * sizeof keys[0];
    for (const auto& key : keys) {
      sum += key ? key->size() : 0;
    }
    return sum;
  }
};

// The since + limit matches that come first.
class Sorted {
 public:
  Sorted(const std::vector<Ordering>& orderings, uint64_t count) : orderings_(orderings), count_(count) {}

  void add(Entry entry) {
    const auto order = [this](const Entry& a, const Entry& b) { return before(a, b); };
    bytes_ += entry.bytes();
    entries_.push_back(std::move(entry));
    std::push_heap(entries_.begin(), entries_.end(), order);
    if (entries_.size() > count_) {
      std::pop_heap(entries_.begin(), entries_.end(), order);
      bytes_ -= entries_.back().bytes();
      entries_.pop_back();
    }
    if (bytes_ > kMostBytes) {
      throw Error(HILUM_E_BAD_REQUEST,
                  "too many matches to put them in order: give a smaller Limit, or a narrower Query");
    }
  }
  const std::vector<Entry>& in_order() {
    std::sort_heap(entries_.begin(), entries_.end(),
                   [this](const Entry& a, const Entry& b) { return before(a, b); });
    return entries_;
  }

 private:
  bool before(const Entry& a, const Entry& b) const {
    for (size_t i = 0; i < orderings_.size(); ++i) {
      const auto& left = a.keys[i];
      const auto& right = b.keys[i];
      if (left == right) {
        continue;
      }
      if (!left || !right) {
        return left.has_value();
      }
      return orderings_[i].descending ? *left > *right : *left < *right;
    }
    return a.id < b.id;
  }

  const std::vector<Ordering>& orderings_;
  const uint64_t count_;
  std::vector<Entry> entries_;  // a heap whose root comes last
  size_t bytes_ = 0;
};

}  // namespace

void find_ordered(const Snapshot& snapshot, const Query& query, const std::vector<Ordering>& orderings,
                  const std::function<bool(const Found&)>& visit) {
  Query all = query;
  all.since = 0;
  all.limit = UINT64_MAX;
  const bool is_open = query.limit > UINT64_MAX - query.since;
  Sorted sorted(orderings, is_open ? UINT64_MAX : query.since + query.limit);
  find(snapshot, all, [&](const Found& found) {
    Entry entry{found.id(), found.is_doubtful(), {}};
    for (const Ordering& ordering : orderings) {
      entry.keys.push_back(sort_key(snapshot, found, ordering));
    }
    sorted.add(std::move(entry));
    return true;
  });
  const std::vector<Entry>& entries = sorted.in_order();
  Found found(snapshot);
  for (size_t i = query.since; i < entries.size(); ++i) {
    found.set(entries[i].id, query.level);
    found.set_doubtful(entries[i].is_doubtful);
    if (!visit(found)) {
      return;
    }
  }
}

}  // namespace hilum::index
