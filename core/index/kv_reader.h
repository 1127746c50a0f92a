// A snapshot of the store as a Reader. Inside the room only.
#pragma once

#include "core/index/kv_store.h"
#include "core/index/reader.h"

namespace hilum::index {

class KvReader final : public Reader {
 public:
  explicit KvReader(const KvSnapshot& kv) : kv_(kv) {}
  bool get(std::string_view key, std::string* value) const override { return kv_.get(key, value); }
  void scan(std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    const std::unique_ptr<KvIterator> it = kv_.iterate();
    for (it->seek(from); it->valid() && it->key().substr(0, prefix.size()) == prefix; it->next()) {
      if (!visit(it->key(), it->value())) {
        return;
      }
    }
  }

 private:
  const KvSnapshot& kv_;
};

}  // namespace hilum::index
