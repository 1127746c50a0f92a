// hilum.config/1
#include <hilum/config.h>
#include <hilum/cpp/host.h>
#include <json/reader.h>
#include <json/writer.h>

#include <filesystem>
#include <optional>

#include "core/config/configuration.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

config::OptionType option_type(uint32_t type) {
  switch (type) {
    case HILUM_OPTION_BOOLEAN:
      return config::OptionType::kBool;
    case HILUM_OPTION_INTEGER:
      return config::OptionType::kInt;
    case HILUM_OPTION_TEXT:
      return config::OptionType::kText;
    case HILUM_OPTION_LIST:
      return config::OptionType::kTextList;
    case HILUM_OPTION_SECTION:
      return config::OptionType::kSection;
    default:
      throw Error(HILUM_E_OUT_OF_RANGE, "there is no type of options " + std::to_string(type));
  }
}

// Paths are texts for the ABI, which knows no finer types.
bool is_of_type(config::OptionType type, config::OptionType declared) {
  using config::OptionType;
  switch (type) {
    case OptionType::kBoolOrText:
    case OptionType::kPath:
    case OptionType::kRawPath:
      return declared == OptionType::kText;
    case OptionType::kPathList:
      return declared == OptionType::kTextList;
    default:
      return declared == type;
  }
}

const config::Configuration& configuration_of(const hilum_host* host) {
  return *plugin_of(host).services().configuration;
}

std::string write_json(const Json::Value& value) {
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  builder["emitUTF8"] = true;
  return Json::writeString(builder, value);
}

std::optional<Json::Value> parse_json(const std::string& text) {
  Json::CharReaderBuilder builder;
  const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
  Json::Value value;
  if (!reader->parse(text.data(), text.data() + text.size(), &value, nullptr) || value.isNull()) {
    return std::nullopt;
  }
  return value;
}

std::optional<config::OptionInfo> find_option(const config::Configuration& configuration,
                                              std::string_view name) {
  if (const config::OptionInfo* option = config::builtin_option(name)) {
    return *option;
  }
  for (config::OptionInfo& option : configuration.options()) {
    if (option.name == name) {
      return std::move(option);
    }
  }
  return std::nullopt;
}

Json::Value json_list(const std::vector<std::string>& texts) {
  Json::Value list(Json::arrayValue);
  for (const std::string& text : texts) {
    list.append(text);
  }
  return list;
}

// The value of an option of the table that has one: set, or with a default.
Json::Value typed_value(const config::Configuration& configuration, const std::string& name,
                        config::OptionType type) {
  switch (type) {
    case config::OptionType::kBool:
      return configuration.get_bool(name);
    case config::OptionType::kInt:
      return Json::Value(static_cast<Json::Int64>(configuration.get_int(name)));
    case config::OptionType::kText:
    case config::OptionType::kBoolOrText:
    case config::OptionType::kPath:
    case config::OptionType::kRawPath:
      return configuration.get_text(name);
    case config::OptionType::kTextList:
      return json_list(configuration.get_list(name));
    case config::OptionType::kPathList:
      return json_list(configuration.get_paths(name));
    case config::OptionType::kSection:
      break;
  }
  return configuration.section(name);
}

// Throws HILUM_E_INEXISTENT_ITEM for an option that is neither set nor has a default.
Json::Value value_of(const hilum_host* host, hilum_text text) {
  const config::Configuration& configuration = configuration_of(host);
  const std::string name(to_view(text));
  if (name == "DefaultEncoding") {  // the one option that follows a setting (hilum.settings/draft)
    return dicom::encoding_name(plugin_of(host).services().ingest.options().default_encoding);
  }
  const std::optional<config::OptionInfo> option = find_option(configuration, name);
  if (option) {
    const bool has_default = !option->default_from.empty() || parse_json(option->default_json).has_value();
    if (configuration.is_set(name) || has_default) {
      return typed_value(configuration, name, option->type);
    }
  } else if (configuration.merged().isMember(name)) {
    return configuration.merged()[name];
  }
  throw Error(HILUM_E_INEXISTENT_ITEM, "option " + name + " is not set and has no default");
}

[[noreturn]] void refuse_type(const config::Configuration& configuration, hilum_text name,
                              const char* expected) {
  throw Error(HILUM_E_BAD_TYPE, "option " + std::string(to_view(name)) + " is not " + expected + " (" +
                                    configuration.where(to_view(name)) + ")");
}

int32_t declare(const hilum_host* host, const hilum_option* option) {
  return guarded("hilum.config/1 declare", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.config/1 declare");
    const hilum_option given = read_struct(option, "option");
    const std::string name(to_view(given.name));
    const config::OptionType type = option_type(given.type);
    config::Configuration& configuration = *plugin.services().configuration;
    const std::optional<config::OptionInfo> present = find_option(configuration, name);
    if (present && !is_of_type(present->type, type)) {
      throw Error(HILUM_E_DUPLICATE,
                  "option " + name + " is declared with another type by " + present->owner);
    }
    if (present && config::builtin_option(name)) {
      return;  // documented already; the files have been checked
    }
    config::OptionInfo info;
    info.name = name;
    info.type = type;
    info.default_json = given.default_json.data ? std::string(to_view(given.default_json)) : "null";
    info.documentation = std::string(to_view(given.summary));
    info.owner = plugin.name();
    configuration.declare(std::move(info));
  });
}

int32_t get(const hilum_host* host, hilum_text name, hilum_sink json) {
  return guarded("hilum.config/1 get",
                 [&] { write_sink(plugin_of(host), json, write_json(value_of(host, name))); });
}

int32_t get_boolean(const hilum_host* host, hilum_text name, int32_t* value) {
  return guarded("hilum.config/1 get_boolean", [&] {
    const Json::Value found = value_of(host, name);
    if (!found.isBool()) {
      refuse_type(configuration_of(host), name, "true or false");
    }
    required(value, "value") = found.asBool() ? 1 : 0;
  });
}

int32_t get_integer(const hilum_host* host, hilum_text name, int64_t* value) {
  return guarded("hilum.config/1 get_integer", [&] {
    const Json::Value found = value_of(host, name);
    if (!found.isInt64() || found.isBool()) {
      refuse_type(configuration_of(host), name, "an integer");
    }
    required(value, "value") = found.asInt64();
  });
}

int32_t get_text(const hilum_host* host, hilum_text name, hilum_sink text) {
  return guarded("hilum.config/1 get_text", [&] {
    const Json::Value found = value_of(host, name);
    if (!found.isString()) {
      refuse_type(configuration_of(host), name, "a text");
    }
    write_sink(plugin_of(host), text, found.asString());
  });
}

int32_t get_all(const hilum_host* host, hilum_sink json) {
  return guarded("hilum.config/1 get_all",
                 [&] { write_sink(plugin_of(host), json, configuration_of(host).json()); });
}

bool holds_text(const Json::Value& value, const std::string& text) {
  if (value.isString()) {
    return value.asString() == text;
  }
  if (value.isArray() || value.isObject()) {
    for (const Json::Value& part : value) {
      if (holds_text(part, text)) {
        return true;
      }
    }
  }
  return false;
}

int32_t resolve_path(const hilum_host* host, hilum_text path, hilum_sink absolute) {
  return guarded("hilum.config/1 resolve_path", [&] {
    const config::Configuration& configuration = configuration_of(host);
    const std::string relative(to_view(path));
    // Files of a configuration may lie in different folders: the one counts in which the path stands.
    for (const std::string& name : configuration.merged().getMemberNames()) {
      if (holds_text(configuration.merged()[name], relative)) {
        write_sink(
            plugin_of(host), absolute,
            std::filesystem::absolute(configuration.resolve(name, relative)).lexically_normal().string());
        return;
      }
    }
    const std::filesystem::path folder =
        configuration.files().empty() ? std::filesystem::path()
                                      : std::filesystem::path(configuration.files().front()).parent_path();
    write_sink(plugin_of(host), absolute,
               std::filesystem::absolute(folder / relative).lexically_normal().string());
  });
}

const hilum_config_v1 kTable = {&declare,  &get,     &get_boolean, &get_integer,
                                &get_text, &get_all, &resolve_path};

}  // namespace

const void* config_table() { return &kTable; }

}  // namespace hilum::plugins
