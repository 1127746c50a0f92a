#include "core/dimse/scu/target.h"

#include <fmt/format.h>

#include <utility>

#include "core/dimse/modality_json.h"

namespace hilum::dimse {

std::string Target::where() const {
  return fmt::format("{}@{}:{}", modality.aet, modality.host, modality.port);
}

Target make_target(Modality modality, const ScuOptions& options, const TargetOverrides& overrides) {
  Target target;
  target.modality = std::move(modality);
  Modality& to = target.modality;
  if (!overrides.local_aet.empty()) {
    to.local_aet = overrides.local_aet;
  } else if (to.local_aet.empty()) {
    to.local_aet = options.aet;
  }
  if (!overrides.called_aet.empty()) to.aet = overrides.called_aet;
  if (!overrides.host.empty()) to.host = overrides.host;
  if (overrides.port != 0) to.port = overrides.port;
  check_aet(to.local_aet, "LocalAet");
  check_aet(to.aet, "the called title");
  const uint32_t seconds = overrides.timeout_s.value_or(
      to.timeout_s != 0 ? to.timeout_s : static_cast<uint32_t>(options.timeout.count()));
  target.timeout = std::chrono::seconds(seconds);
  to.timeout_s = seconds;
  return target;
}

}  // namespace hilum::dimse
