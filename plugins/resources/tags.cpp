#include "tags.h"

#include <hilum/dicom/json.h>
#include <hilum/dicom/modules.h>
#include <hilum/dicom/text.h>
#include <hilum/rest/arguments.h>
#include <hilum/rest/json_answer.h>
#include <hilum/rest/stored_file.h>

#include <algorithm>
#include <map>
#include <memory>

namespace hilum::resources {

namespace {

using dicom::JsonFormat;
using dicom::JsonOptions;

JsonOptions tag_options(const Call& call, JsonFormat format) {
  JsonOptions options;
  options.format = format;
  options.default_encoding = call.services.default_encoding();
  options.ignore_length = ignore_length(call.request);
  return options;
}

void answer_tags(Call& call, JsonFormat format) {
  JsonOptions options = tag_options(call, format);
  options.after_pixel_data = flag(call.request, "whole");
  Snapshot snapshot = call.services.index.snapshot();
  StoredFile file(call.services, require(snapshot, call.id(), HILUM_INSTANCE));
  dicom::ParsedInstance instance = options.after_pixel_data ? file.parse_whole() : file.parse_header();
  call.answer.json(dicom::tags_json(instance, options));
}

// Public ids of the instances of a resource, which may be an instance itself.
std::vector<std::string> instances_of(const Resource& resource) {
  if (resource.level() == HILUM_INSTANCE) return {std::string(resource.id())};
  std::vector<std::string> ids;
  resource.descendants(HILUM_INSTANCE, [&](std::string_view id) { ids.emplace_back(id); });
  return ids;
}

// Texts of the top-level elements by their tags.
std::map<dicom::Tag, std::string> texts_of(const dicom::ParsedInstance& instance, dicom::Encoding encoding) {
  std::map<dicom::Tag, std::string> texts;
  DcmDataset& data_set = instance.data_set();
  dicom::Charset charset = dicom::Charset::of(data_set, encoding);
  for (DcmObject* object = data_set.nextInContainer(nullptr); object;
       object = data_set.nextInContainer(object)) {
    auto& element = static_cast<DcmElement&>(*object);
    dicom::ElementValue value = dicom::element_value(element, charset);
    if (value.kind != dicom::ValueKind::String) continue;
    texts[dicom::make_tag(element.getGTag(), element.getETag())] = std::move(value.text);
  }
  return texts;
}

}  // namespace

void get_tags(Call& call) { answer_tags(call, json_format(call.request, JsonFormat::Full)); }

void get_simplified_tags(Call& call) { answer_tags(call, JsonFormat::Simplified); }

void get_header(Call& call) {
  JsonOptions options = tag_options(call, json_format(call.request, JsonFormat::Full));
  Snapshot snapshot = call.services.index.snapshot();
  StoredFile file(call.services, require(snapshot, call.id(), HILUM_INSTANCE));
  call.answer.json(dicom::header_json(file.parse_header(), options));
}

// One instance after the other goes out: only one is in memory at a time.
void get_instances_tags(Call& call) {
  JsonOptions options = tag_options(call, json_format(call.request, JsonFormat::Full));
  Snapshot snapshot = call.services.index.snapshot();
  std::vector<std::string> ids = instances_of(require(snapshot, call.id()));
  std::sort(ids.begin(), ids.end());  // they are the keys of an object
  JsonAnswer answer(call.answer);
  answer.writer().begin_object();
  for (const std::string& id : ids) {
    StoredFile file(call.services, require(snapshot, id, HILUM_INSTANCE));
    answer.writer().key(id);
    dicom::write_tags_json(answer.writer(), file.parse_header(), options);
    answer.flush();
  }
  answer.writer().end_object();
  answer.finish();
}

// What the first instance says and no other one contradicts. The set only shrinks, so memory holds the texts
// of two instances whatever their number.
void get_shared_tags(Call& call) {
  JsonOptions options = tag_options(call, json_format(call.request, JsonFormat::Full));
  Snapshot snapshot = call.services.index.snapshot();
  std::map<dicom::Tag, std::string> shared;
  std::optional<dicom::ParsedInstance> first;
  for (const std::string& id : instances_of(require(snapshot, call.id()))) {
    StoredFile file(call.services, require(snapshot, id, HILUM_INSTANCE));
    dicom::ParsedInstance instance = file.parse_header();
    std::map<dicom::Tag, std::string> texts = texts_of(instance, options.default_encoding);
    if (!first) {
      shared = std::move(texts);
      first = std::move(instance);
      continue;
    }
    for (auto entry = shared.begin(); entry != shared.end();) {
      auto other = texts.find(entry->first);
      bool equal = other != texts.end() && other->second == entry->second;
      entry = equal ? std::next(entry) : shared.erase(entry);
    }
  }
  if (!first) throw Error(HILUM_E_UNKNOWN_RESOURCE);
  std::vector<dicom::Tag> tags;
  for (const auto& [tag, text] : shared) tags.push_back(tag);
  options.only = &tags;
  call.answer.json(dicom::tags_json(*first, options));
}

void get_module(Call& call) {
  JsonOptions options = tag_options(call, json_format(call.request, JsonFormat::Full));
  options.only = &dicom::module_tags(static_cast<dicom::Level>(call.target - HILUM_PATIENT));
  Snapshot snapshot = call.services.index.snapshot();
  // Only at the level of instances is the level of the id checked, as clients know it.
  uint32_t level = call.level.level == HILUM_INSTANCE ? HILUM_INSTANCE : 0;
  std::optional<Resource> instance = first_instance(snapshot, require(snapshot, call.id(), level));
  if (!instance) throw Error(HILUM_E_UNKNOWN_RESOURCE);
  StoredFile file(call.services, *instance);
  call.answer.json(dicom::tags_json(file.parse_header(), options));
}

}  // namespace hilum::resources
