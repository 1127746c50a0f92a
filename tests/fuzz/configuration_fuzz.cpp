// The text of a configuration file.
#include "core/base/log.h"
#include "core/config/configuration.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  log_set_level(LogLevel::kError);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  config::substitute_environment(text);
  fuzz::accepted([&] {
    const auto configuration = config::Configuration::parse(text);
    for (const auto& option : configuration->options()) {
      configuration->where(option.name);
    }
    configuration->warn_unknown(std::nullopt);
    config::durable(*configuration);
    config::Configuration::parse(configuration->json());
  });
  return 0;
}
