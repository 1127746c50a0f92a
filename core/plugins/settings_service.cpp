// hilum.settings/draft
#include <hilum/draft/settings.h>

#include <algorithm>
#include <optional>

#include "core/base/log.h"
#include "core/base/metrics.h"
#include "core/dimse/server.h"
#include "core/dimse/transfer_syntaxes.h"
#include "core/http/request.h"
#include "core/plugins/convert.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

// --- log levels ---

constexpr LogCategory kCategories[] = {LogCategory::kDicom, LogCategory::kGeneric, LogCategory::kHttp,
                                       LogCategory::kJobs,  LogCategory::kLua,     LogCategory::kPlugins,
                                       LogCategory::kIndex};

LogCategory log_category(hilum_text name) {
  for (const LogCategory category : kCategories) {
    if (log_category_name(category) == to_view(name)) {
      return category;
    }
  }
  throw Error(HILUM_E_UNKNOWN_RESOURCE);
}

uint32_t level_number(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return HILUM_LOG_TRACE;
    case LogLevel::kInfo:
      return HILUM_LOG_INFO;
    default:
      return HILUM_LOG_WARNING;
  }
}

LogLevel level_of_number(uint32_t number) {
  switch (number) {
    case HILUM_LOG_WARNING:
      return LogLevel::kWarning;
    case HILUM_LOG_INFO:
      return LogLevel::kInfo;
    case HILUM_LOG_TRACE:
      return LogLevel::kTrace;
    default:
      throw Error(HILUM_E_OUT_OF_RANGE, "there is no log level " + std::to_string(number));
  }
}

// Calls back for each text until the plugin has enough.
template <typename Texts, typename Callback>
void tell_all(Plugin& plugin, const char* name, const Texts& texts, Callback on_text, void* context) {
  required(on_text, name);
  for (const auto& text : texts) {
    if (plugin.inside(name, [&] { return on_text(context, to_text(text)); }) != 0) {
      return;
    }
  }
}

int32_t log_categories(const hilum_host* host, int32_t (*on_category)(void* context, hilum_text name),
                       void* context) {
  return guarded("hilum.settings/draft log_categories", [&] {
    std::vector<std::string_view> names;
    for (const LogCategory category : kCategories) {
      names.push_back(log_category_name(category));
    }
    tell_all(plugin_of(host), "on_category", names, on_category, context);
  });
}

int32_t get_log_level(const hilum_host*, hilum_text category, uint32_t* level) {
  return guarded("hilum.settings/draft log_level", [&] {
    LogLevel finest = LogLevel::kWarning;
    if (category.data) {
      finest = log_level(log_category(category));
    } else {
      for (const LogCategory one : kCategories) {
        finest = std::max(finest, log_level(one));
      }
    }
    required(level, "level") = level_number(finest);
  });
}

int32_t set_log_level(const hilum_host*, hilum_text category, uint32_t level) {
  return guarded("hilum.settings/draft set_log_level", [&] {
    if (category.data) {
      log_set_level(log_category(category), level_of_number(level));
    } else {
      log_set_level(level_of_number(level));
    }
  });
}

// --- figures ---

int32_t metrics_enabled(const hilum_host*) { return metrics().enabled() ? 1 : 0; }

int32_t set_metrics_enabled(const hilum_host*, int32_t enabled) {
  metrics().set_enabled(enabled != 0);
  return HILUM_OK;
}

// --- encoding ---

std::optional<dicom::Encoding> encoding_of_any_case(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(dicom::Encoding::SimplifiedChinese); ++i) {
    const auto encoding = static_cast<dicom::Encoding>(i);
    if (http::equal_ignoring_case(dicom::encoding_name(encoding), name)) {
      return encoding;
    }
  }
  return std::nullopt;
}

int32_t default_encoding(const hilum_host* host, hilum_sink name) {
  return guarded("hilum.settings/draft default_encoding", [&] {
    Plugin& plugin = plugin_of(host);
    write_sink(plugin, name, dicom::encoding_name(plugin.services().ingest.options().default_encoding));
  });
}

int32_t set_default_encoding(const hilum_host* host, hilum_text name) {
  return guarded("hilum.settings/draft set_default_encoding", [&] {
    const std::optional<dicom::Encoding> encoding = encoding_of_any_case(to_view(name));
    if (!encoding) {
      throw Error(HILUM_E_OUT_OF_RANGE, "Unknown encoding: " + std::string(to_view(name).substr(0, 64)));
    }
    log_info(LogCategory::kGeneric, "the default encoding is {} from now on",
             dicom::encoding_name(*encoding));
    plugin_of(host).services().ingest.set_default_encoding(*encoding);
  });
}

// --- the DICOM server ---

constexpr uint64_t kMaximumPatterns = 1000;
constexpr uint64_t kMaximumPattern = 256;  // a UID has at most 64 characters (PS3.5 section 9.1)

dimse::Server& dicom_of(const hilum_host* host) {
  dimse::Server* const server = plugin_of(host).services().dicom;
  if (!server) {
    throw Error(HILUM_E_UNAVAILABLE, "this process has no DICOM server");
  }
  return *server;
}

int32_t accepted_transfer_syntaxes(const hilum_host* host, int32_t (*on_uid)(void* context, hilum_text uid),
                                   void* context) {
  return guarded("hilum.settings/draft accepted_transfer_syntaxes", [&] {
    tell_all(plugin_of(host), "on_uid", dicom_of(host).accepted_transfer_syntaxes(), on_uid, context);
  });
}

int32_t set_accepted_transfer_syntaxes(const hilum_host* host, const hilum_text* patterns, uint64_t count) {
  return guarded("hilum.settings/draft set_accepted_transfer_syntaxes", [&] {
    if (count > kMaximumPatterns) {
      throw Error(HILUM_E_OUT_OF_RANGE,
                  "at most " + std::to_string(kMaximumPatterns) + " patterns can be given");
    }
    std::vector<std::string> texts;
    for (uint64_t i = 0; i < count; ++i) {
      const std::string_view text = to_view((&required(patterns, "patterns"))[i]);
      if (text.size() > kMaximumPattern) {
        throw Error(HILUM_E_OUT_OF_RANGE, "a pattern has at most " + std::to_string(kMaximumPattern) +
                                              " characters, not " + std::to_string(text.size()));
      }
      texts.emplace_back(text);
    }
    std::vector<std::string> uids = dimse::accepted_transfer_syntaxes(texts);
    dimse::Server& server = dicom_of(host);
    log_info(LogCategory::kDicom, "{} transfer syntaxes are accepted from now on", uids.size());
    server.set_accepted_transfer_syntaxes(std::move(uids));
  });
}

int32_t accepted_sop_classes(const hilum_host* host, int32_t (*on_uid)(void* context, hilum_text uid),
                             void* context) {
  return guarded("hilum.settings/draft accepted_sop_classes", [&] {
    tell_all(plugin_of(host), "on_uid", dicom_of(host).accepted_sop_classes(), on_uid, context);
  });
}

int32_t unknown_sop_class_accepted(const hilum_host* host) {
  int32_t accepted = 0;
  guarded("hilum.settings/draft unknown_sop_class_accepted",
          [&] { accepted = dicom_of(host).unknown_sop_class_accepted() ? 1 : 0; });
  return accepted;
}

int32_t set_unknown_sop_class_accepted(const hilum_host* host, int32_t accepted) {
  return guarded("hilum.settings/draft set_unknown_sop_class_accepted", [&] {
    dicom_of(host).set_unknown_sop_class_accepted(accepted != 0);
    log_info(LogCategory::kDicom, "unknown SOP classes are {} from now on",
             accepted != 0 ? "accepted" : "refused");
  });
}

const hilum_settings_draft kTable = {&log_categories,
                                     &get_log_level,
                                     &set_log_level,
                                     &metrics_enabled,
                                     &set_metrics_enabled,
                                     &default_encoding,
                                     &set_default_encoding,
                                     &accepted_transfer_syntaxes,
                                     &set_accepted_transfer_syntaxes,
                                     &accepted_sop_classes,
                                     &unknown_sop_class_accepted,
                                     &set_unknown_sop_class_accepted};

}  // namespace

const void* settings_table() { return &kTable; }

}  // namespace hilum::plugins
