#include "core/dimse/command_log.h"

#include <fmt/format.h>

#include <cstring>
#include <iterator>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/dimse/command.h"

namespace hilum::dimse {
namespace {

struct Kind {
  uint16_t field;
  const char* name;
};
constexpr Kind kKinds[] = {
    {kStoreRequest, "store"},
    {kFindRequest, "find"},
    {kMoveRequest, "move"},
    {kGetRequest, "get"},
    {kEchoRequest, "echo"},
    {kActionRequest, "action"},
    {kEventReportRequest, "event_report"},
    {0, "other"},
};

struct Figures {
  Timer* duration;
  Counter* failures;
};

Figures make_figures(const char* role, const char* name) {
  const std::string prefix = fmt::format("hilum_dicom_{}{}", role, name);
  return {&metrics().timer(prefix + "_duration_ms"), &metrics().counter(prefix + "_failures")};
}

// Looked up once: a C-STORE takes less time than a lookup by name under a lock would be worth.
const Figures& figures(CommandRole role, uint16_t field) {
  using PerKind = std::array<Figures, std::size(kKinds)>;
  static const std::array<PerKind, 2> all = [] {
    std::array<PerKind, 2> made{};
    for (size_t i = 0; i < std::size(kKinds); ++i) {
      made[0][i] = make_figures("", kKinds[i].name);
      made[1][i] = make_figures("scu_", kKinds[i].name);
    }
    return made;
  }();
  size_t kind = 0;
  while (kKinds[kind].field != 0 && kKinds[kind].field != field) {
    ++kind;
  }
  return all[role == CommandRole::kScu ? 1 : 0][kind];
}

}  // namespace

bool is_failure(uint16_t status) {
  constexpr uint16_t kCancel = 0xfe00;
  const bool pending = status == 0xff00 || status == 0xff01;
  const bool warning =
      status == 0x0001 || status == 0x0107 || status == 0x0116 || (status & 0xf000) == 0xb000;
  return !(status == 0 || status == kCancel || pending || warning);
}

CommandLog::CommandLog(CommandRole role, uint16_t field)
    : role_(role), field_(field), start_(std::chrono::steady_clock::now()) {}

CommandLog::~CommandLog() {
  if (!ended_) {
    lost("ended by an error");
  }
}

void CommandLog::set_peer(std::string_view aet, std::string_view host, uint16_t port) {
  aet_ = aet;
  host_ = host;
  port_ = port;
}

void CommandLog::count(const char* what, uint64_t value) {
  for (size_t i = 0; i < used_counts_; ++i) {
    if (std::strcmp(counts_[i].first, what) == 0) {
      counts_[i].second = value;
      return;
    }
  }
  if (used_counts_ < counts_.size()) {
    counts_[used_counts_++] = {what, value};
  }
}

void CommandLog::finish(uint16_t status, std::string_view comment) {
  write(is_failure(status), fmt::format("0x{:04x}", status), comment);
}

void CommandLog::lost(std::string_view why) { write(true, "none", why); }

void CommandLog::write(bool failed, std::string_view status, std::string_view comment) {
  if (ended_) {
    return;
  }
  ended_ = true;
  static Counter& all_received = metrics().counter("hilum_dicom_bytes_received");
  static Counter& all_sent = metrics().counter("hilum_dicom_bytes_sent");
  const double milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_).count();
  const Figures& kind = figures(role_, field_);
  kind.duration->observe_ms(milliseconds);
  if (failed) {
    kind.failures->add();
  }
  if (received_ != 0) {
    all_received.add(static_cast<int64_t>(received_));
  }
  if (sent_ != 0) {
    all_sent.add(static_cast<int64_t>(sent_));
  }
  const LogLevel level = failed ? LogLevel::kWarning : LogLevel::kInfo;
  if (!log_enabled(LogCategory::kDicom, level)) {
    return;
  }
  std::string line = command_name(field_) + (role_ == CommandRole::kScu ? " scu" : " scp");
  const auto out = std::back_inserter(line);
  if (!aet_.empty() || !host_.empty()) {
    fmt::format_to(out, " to={}@{}:{}", aet_, host_, port_);
  }
  fmt::format_to(out, " status={}", status);
  if (!instance_.empty()) {
    fmt::format_to(out, " instance={}", instance_);
  }
  for (size_t i = 0; i < used_counts_; ++i) {
    fmt::format_to(out, " {}={}", counts_[i].first, counts_[i].second);
  }
  fmt::format_to(out, " received={} sent={} duration={:.1f}ms", received_, sent_, milliseconds);
  if (!comment.empty()) {
    fmt::format_to(out, " ({})", comment);
  }
  log_write(LogCategory::kDicom, level, line);
}

}  // namespace hilum::dimse
