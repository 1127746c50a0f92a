// hilum.filters/1
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/dicom/charset.h>
#include <hilum/dicom/json.h>
#include <hilum/events.h>

#include "core/http/dispatcher.h"
#include "core/plugins/handles.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

using InstanceFilter = int32_t (*)(void* context, const hilum_incoming* instance);
using HttpFilter = int32_t (*)(void* context, const hilum_http_question* question);

// True: keep. Throws what the filter refuses with.
bool verdict(Plugin& plugin, const char* what, int32_t answer) {
  const bool has_failed =
      thread_error().by_plugin && thread_error().code == answer;  // codes 1 and 2 exist as well
  if (!has_failed && answer == HILUM_KEEP) {
    return true;
  }
  if (!has_failed && answer == HILUM_DISCARD) {
    return false;
  }
  plugin.throw_status(what, answer);
}

ingest::Verdict ask_instance_filter(Plugin& plugin, InstanceFilter filter, void* context,
                                    const ingest::Incoming& instance) {
  const char* what = "an instance filter";
  const hilum_incoming handle{plugin, instance};
  const int32_t answer = plugin.enter(what, [&] { return filter(context, &handle); });
  return verdict(plugin, what, answer) ? ingest::Verdict::kKeep : ingest::Verdict::kDiscard;
}

int32_t add_instance_filter(const hilum_host* host, InstanceFilter filter, void* context) {
  return guarded("hilum.filters/1 add_instance_filter", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.filters/1 add_instance_filter");
    required(filter, "filter");
    plugin.on_started([&plugin, filter, context] {
      plugin.on_stop([&plugin] { plugin.services().ingest.remove_filters(plugin.name()); });
      plugin.services().ingest.add_filter(plugin.name(), [self = plugin.shared_from_this(), filter,
                                                          context](const ingest::Incoming& instance) {
        return ask_instance_filter(*self, filter, context, instance);
      });
    });
  });
}

void origin(const hilum_incoming* instance, hilum_origin* out) {
  guarded("hilum.filters/1 origin", [&] {
    const ingest::Origin& from = instance->incoming.origin();
    hilum_origin result{};
    result.kind = static_cast<uint32_t>(from.kind);
    const auto text_or_absent = [](const std::string& text) {
      return text.empty() ? hilum_text{} : to_text(text);
    };
    result.remote_aet = text_or_absent(from.remote_aet);
    result.called_aet = text_or_absent(from.called_aet);
    result.remote_ip = text_or_absent(from.remote_ip);
    result.user = text_or_absent(from.user);
    write_struct(out, result, "out");
  });
}

dicom::Encoding default_encoding(const hilum_incoming* instance) {
  return instance->plugin.services().ingest.options().default_encoding;
}

int32_t tag_text(const hilum_incoming* instance, hilum_tag tag, hilum_sink text) {
  return guarded("hilum.filters/1 tag_text", [&] {
    DcmDataset& data_set = instance->incoming.header().data_set();
    DcmElement* element = nullptr;
    const DcmTagKey key(dicom::tag_group(tag), dicom::tag_element(tag));
    if (data_set.findAndGetElement(key, element).bad() || !element) {
      throw Error(HILUM_E_INEXISTENT_TAG, dicom::format_tag(tag));
    }
    OFString value;
    if (element->getOFStringArray(value).bad()) {
      throw Error(HILUM_E_BAD_TYPE, dicom::format_tag(tag) + " has no value that is a text");
    }
    const dicom::Charset charset = dicom::Charset::of(data_set, default_encoding(instance));
    std::string_view view(value.data(), value.size());
    view =
        view.substr(0, view.find_last_not_of(std::string_view(" \0", 2)) + 1);  // padding, PS3.5 section 6.2
    write_sink(instance->plugin, text, charset.to_utf8(view, element->getVR() == EVR_PN));
  });
}

int32_t tags_json(const hilum_incoming* instance, hilum_sink json) {
  return guarded("hilum.filters/1 tags_json", [&] {
    dicom::JsonOptions options;
    options.format = dicom::JsonFormat::Short;
    options.default_encoding = default_encoding(instance);
    write_sink(instance->plugin, json, dicom::tags_json(instance->incoming.header(), options));
  });
}

uint64_t file_size(const hilum_incoming* instance) { return instance->incoming.file_size(); }

int64_t read(const hilum_incoming* instance, uint64_t offset, void* buffer, uint64_t capacity) {
  return guarded_read("hilum.filters/1 read",
                      [&] { return instance->incoming.read(offset, buffer, capacity); });
}

bool ask_http_filter(Plugin& plugin, HttpFilter filter, void* context, const http::RequestView& request) {
  hilum_http_question question{};
  question.size = sizeof question;
  switch (request.method) {
    case http::Method::kPost:
      question.method = HILUM_POST;
      break;
    case http::Method::kPut:
      question.method = HILUM_PUT;
      break;
    case http::Method::kDelete:
      question.method = HILUM_DELETE;
      break;
    default:
      question.method = HILUM_GET;
  }
  question.path = to_text(request.path);
  question.remote_address = to_text(request.remote_address);
  question.user = to_text(request.user);
  const char* what = "an HTTP filter";
  return verdict(plugin, what, plugin.enter(what, [&] { return filter(context, &question); }));
}

int32_t add_http_filter(const hilum_host* host, HttpFilter filter, void* context) {
  return guarded("hilum.filters/1 add_http_filter", [&] {
    Plugin& plugin = plugin_of(host);
    plugin.require_starting("hilum.filters/1 add_http_filter");
    required(filter, "filter");
    plugin.on_started([&plugin, filter, context] {
      http::Dispatcher& dispatcher = plugin.services().dispatcher;
      const uint64_t number = dispatcher.add_filter(
          [self = plugin.shared_from_this(), filter, context](const http::RequestView& request) {
            return ask_http_filter(*self, filter, context, request);
          });
      plugin.on_stop([&dispatcher, number] { dispatcher.remove_hook(number); });
    });
  });
}

const hilum_filters_v1 kTable = {&add_instance_filter, &origin, &tag_text,       &tags_json,
                                 &file_size,           &read,   &add_http_filter};

}  // namespace

const void* filters_table() { return &kTable; }

}  // namespace hilum::plugins
