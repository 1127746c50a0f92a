// hilum.settings/draft in C++, as the routes of this plugin need it.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/draft/settings.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace hilum::tools {

// Settings that change while the server runs. Owned by the plugin; usable from every thread.
class Settings {
 public:
  explicit Settings(Host host)
      : host_(host), table_(host.service<hilum_settings_draft>(HILUM_SETTINGS_DRAFT)) {}

  std::vector<std::string> log_categories() const {
    return texts(
        [&](auto* on_text, void* context) { return table_.log_categories(host_.get(), on_text, context); });
  }
  // An empty category stands for all of them.
  uint32_t log_level(std::string_view category) const {
    uint32_t level = 0;
    host_.check(table_.log_level(host_.get(), category_text(category), &level));
    return level;
  }
  void set_log_level(std::string_view category, uint32_t level) const {
    host_.check(table_.set_log_level(host_.get(), category_text(category), level));
  }

  bool metrics_enabled() const { return table_.metrics_enabled(host_.get()) != 0; }
  void set_metrics_enabled(bool enabled) const {
    host_.check(table_.set_metrics_enabled(host_.get(), enabled ? 1 : 0));
  }

  std::string default_encoding() const {
    StringSink sink;
    host_.check(table_.default_encoding(host_.get(), sink.sink()));
    return std::move(sink.text());
  }
  void set_default_encoding(std::string_view name) const {
    host_.check(table_.set_default_encoding(host_.get(), to_text(name)));
  }

  std::vector<std::string> accepted_transfer_syntaxes() const {
    return texts([&](auto* on_text, void* context) {
      return table_.accepted_transfer_syntaxes(host_.get(), on_text, context);
    });
  }
  void set_accepted_transfer_syntaxes(const std::vector<std::string>& patterns) const {
    std::vector<hilum_text> list;
    list.reserve(patterns.size());
    for (const std::string& pattern : patterns) list.push_back(to_text(pattern));
    host_.check(table_.set_accepted_transfer_syntaxes(host_.get(), list.data(), list.size()));
  }
  std::vector<std::string> accepted_sop_classes() const {
    return texts([&](auto* on_text, void* context) {
      return table_.accepted_sop_classes(host_.get(), on_text, context);
    });
  }
  bool unknown_sop_class_accepted() const { return table_.unknown_sop_class_accepted(host_.get()) != 0; }
  void set_unknown_sop_class_accepted(bool accepted) const {
    host_.check(table_.set_unknown_sop_class_accepted(host_.get(), accepted ? 1 : 0));
  }

 private:
  static hilum_text category_text(std::string_view category) {
    return category.empty() ? hilum_text{nullptr, 0} : to_text(category);
  }
  static int32_t collect(void* context, hilum_text text) {
    try {
      static_cast<std::vector<std::string>*>(context)->emplace_back(to_view(text));
      return 0;
    } catch (...) {
      return 1;  // out of memory: what there is has to do
    }
  }
  template <typename Enumerate>
  std::vector<std::string> texts(Enumerate&& enumerate) const {
    std::vector<std::string> list;
    host_.check(enumerate(&Settings::collect, &list));
    return list;
  }

  Host host_;
  const hilum_settings_draft& table_;
};

}  // namespace hilum::tools
