// hilum.config/1 in C++.
#pragma once

#include <hilum/config.h>
#include <hilum/cpp/host.h>

#include <optional>
#include <string>

namespace hilum {

// The server's configuration. Copyable; usable from every thread.
class Config {
 public:
  explicit Config(Host host) : host_(host), table_(&host.service<hilum_config_v1>(HILUM_CONFIG_V1)) {}

  // Only inside the plugin's constructor.
  void declare(std::string_view name, hilum_option_type type, std::string_view default_json,
               std::string_view summary) const {
    hilum_option option{};
    option.size = sizeof option;
    option.type = type;
    option.name = to_text(name);
    option.default_json = to_text(default_json);
    option.summary = to_text(summary);
    host_.check(table_->declare(host_.get(), &option));
  }

  bool boolean(std::string_view name) const {
    int32_t value = 0;
    host_.check(table_->get_boolean(host_.get(), to_text(name), &value));
    return value != 0;
  }
  int64_t integer(std::string_view name) const {
    int64_t value = 0;
    host_.check(table_->get_integer(host_.get(), to_text(name), &value));
    return value;
  }
  std::string text(std::string_view name) const {
    StringSink sink;
    host_.check(table_->get_text(host_.get(), to_text(name), sink.sink()));
    return std::move(sink.text());
  }
  // JSON text; nothing if the option is neither given nor has a default.
  std::optional<std::string> json(std::string_view name) const {
    StringSink sink;
    int32_t status = table_->get(host_.get(), to_text(name), sink.sink());
    if (status == HILUM_E_INEXISTENT_ITEM) return std::nullopt;
    host_.check(status);
    return std::move(sink.text());
  }
  std::string resolve_path(std::string_view path) const {
    StringSink sink;
    host_.check(table_->resolve_path(host_.get(), to_text(path), sink.sink()));
    return std::move(sink.text());
  }

 private:
  Host host_;
  const hilum_config_v1* table_;
};

}  // namespace hilum
