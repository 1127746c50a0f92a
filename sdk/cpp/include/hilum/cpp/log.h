// hilum.log/1 in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/log.h>

namespace hilum {

// Lines in the server's log. Copyable; usable from every thread.
class Log {
 public:
  explicit Log(Host host) : host_(host), table_(&host.service<hilum_log_v1>(HILUM_LOG_V1)) {}
  void error(std::string_view line) const { table_->write(host_.get(), HILUM_LOG_ERROR, to_text(line)); }
  void warning(std::string_view line) const { table_->write(host_.get(), HILUM_LOG_WARNING, to_text(line)); }
  void info(std::string_view line) const { table_->write(host_.get(), HILUM_LOG_INFO, to_text(line)); }
  void trace(std::string_view line) const { table_->write(host_.get(), HILUM_LOG_TRACE, to_text(line)); }
  bool enabled(hilum_log_level level) const { return table_->enabled(host_.get(), level) != 0; }

 private:
  Host host_;
  const hilum_log_v1* table_;
};

}  // namespace hilum
