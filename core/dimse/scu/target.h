// Whom to call.
#pragma once

#include <hilum/cpp/error.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/dimse/scu/options.h"
#include "core/dimse/server_options.h"

namespace hilum::dimse {

// What a caller wants otherwise than the modality says; empty parts: as it says.
struct TargetOverrides {
  std::string local_aet, called_aet, host;
  uint16_t port = 0;
  std::optional<uint32_t> timeout_s;  // 0: none
};

struct Target {
  Modality modality;                     // with the overrides in it; its local_aet is never empty
  std::chrono::milliseconds timeout{0};  // 0: none
  // Asked about five times a second while the network is silent: false gives up. Empty: always.
  std::function<bool()> still_wanted;

  std::string where() const;  // "AET@host:port", for log lines and errors
  bool is_wanted() const { return !still_wanted || still_wanted(); }
};

// Throws HILUM_E_BAD_FORMAT for a title that is none.
Target make_target(Modality modality, const ScuOptions& options, const TargetOverrides& overrides = {});

// The target has answered with a DIMSE status that says failure.
class DimseError : public Error {
 public:
  DimseError(const Error& cause, uint16_t status) : Error(cause), status_(status) {}
  uint16_t status() const { return status_; }

 private:
  uint16_t status_;
};

// The association is over, or there was none.
class ConnectionError : public Error {
 public:
  explicit ConnectionError(std::string details) : Error(HILUM_E_NETWORK, std::move(details)) {}
};

}  // namespace hilum::dimse
