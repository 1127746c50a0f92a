// The pieces of the option table (options.h), by subject, and shorthands to write them. For this folder only.
#pragma once

#include <string>
#include <vector>

#include "core/config/options.h"

namespace hilum::config {

OptionInfo boolean(std::string name, bool by_default, std::string documentation);
OptionInfo tristate(std::string name,
                    std::string documentation);  // a Boolean whose absence means a third thing
OptionInfo integer(std::string name, int64_t by_default, std::string documentation);
OptionInfo text(std::string name, const std::string& by_default, std::string documentation);
OptionInfo optional_text(std::string name, std::string documentation);
OptionInfo path(std::string name, const std::string& by_default, std::string documentation);
OptionInfo list(std::string name, OptionType type, std::string default_json, std::string documentation);
OptionInfo section(std::string name, std::string documentation);

using OptionTable = std::vector<OptionInfo>;
OptionTable general_options();
OptionTable http_options();
OptionTable http_security_options();
OptionTable dicom_server_options();
OptionTable dicom_client_options();
OptionTable outgoing_http_options();
OptionTable dictionary_options();
OptionTable transcoding_options();
OptionTable jobs_and_plugins_options();

}  // namespace hilum::config
