// hilum.index/1: reading.
#include "core/plugins/index_service.h"

#include <hilum/index.h>

#include "core/plugins/handles.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

using index::Level;

// Calls the plugin back for one item of an enumeration; false: stop.
template <typename Function, typename... Args>
bool tell(Plugin& plugin, void* context, Function* function, Args... args) {
  return plugin.inside("a callback of an enumeration", [&] { return function(context, args...); }) == 0;
}

int32_t snapshot_open(const hilum_host* host, hilum_snapshot** out) {
  return guarded("hilum.index/1 snapshot_open", [&] {
    Plugin& plugin = plugin_of(host);
    required(out, "out") = new hilum_snapshot{plugin, plugin.services().ingest.snapshot()};
  });
}

void snapshot_close(hilum_snapshot* snapshot) { delete snapshot; }

int32_t list(const hilum_snapshot* snapshot, uint32_t level, uint64_t since, uint64_t limit,
             hilum_on_id on_id, void* context) {
  return guarded("hilum.index/1 list", [&] {
    const std::optional<Level> of = level_of(level);
    if (!of) {
      throw Error(HILUM_E_OUT_OF_RANGE, "a list needs a level");
    }
    required(on_id, "on_id");
    snapshot->snapshot.list(*of, since, limit, [&](index::ResourceId, const index::PublicId& id) {
      return tell(snapshot->plugin, context, on_id, to_text(id.to_string()));
    });
  });
}

int32_t totals(const hilum_snapshot* snapshot, hilum_statistics* out) {
  return guarded("hilum.index/1 totals", [&] {
    const index::Totals totals = snapshot->snapshot.totals();
    hilum_statistics result{};
    result.patients = totals.patients;
    result.studies = totals.studies;
    result.series = totals.series;
    result.instances = totals.instances;
    result.stored_size = totals.stored_size;
    result.content_size = totals.content_size;
    write_struct(out, result, "out");
  });
}

void tell_texts(Plugin& plugin, const std::vector<std::string>& texts, hilum_on_text on_text, void* context) {
  required(on_text, "on_label");
  for (const std::string& text : texts) {
    if (!tell(plugin, context, on_text, to_text(text))) {
      return;
    }
  }
}

int32_t labels(const hilum_snapshot* snapshot, uint32_t level, hilum_on_text on_label, void* context) {
  return guarded("hilum.index/1 labels", [&] {
    tell_texts(snapshot->plugin, snapshot->snapshot.all_labels(level_of(level)), on_label, context);
  });
}

int32_t open(const hilum_snapshot* snapshot, hilum_text id, uint32_t level, hilum_resource** out) {
  return guarded("hilum.index/1 open", [&] {
    const std::optional<Level> of = level_of(level);
    const index::PublicId wanted = public_id(id);
    std::optional<index::Resource> found =
        of ? snapshot->snapshot.find(wanted, *of) : snapshot->snapshot.find(wanted);
    if (!found) {
      throw Error(HILUM_E_UNKNOWN_RESOURCE);
    }
    required(out, "out") = new hilum_resource(snapshot->plugin, snapshot->snapshot, std::move(*found));
  });
}

void close(hilum_resource* resource) { delete resource; }

uint32_t level(const hilum_resource* resource) { return static_cast<uint32_t>(resource->resource.level); }

hilum_text id(const hilum_resource* resource) { return to_text(resource->id); }

int32_t ancestor(const hilum_resource* resource, uint32_t level, hilum_resource** out) {
  return guarded("hilum.index/1 ancestor", [&] {
    const std::optional<Level> of = level_of(level);
    if (!of || *of >= resource->resource.level) {
      throw Error(HILUM_E_BAD_TYPE, "an ancestor is at a level above");
    }
    required(out, "out") = new hilum_resource(resource->plugin, resource->snapshot,
                                              resource->snapshot.ancestor(resource->resource, *of));
  });
}

int32_t descendants(const hilum_resource* resource, uint32_t level, hilum_on_id on_id, void* context) {
  return guarded("hilum.index/1 descendants", [&] {
    const std::optional<Level> of = level_of(level);
    if (!of || *of <= resource->resource.level) {
      throw Error(HILUM_E_BAD_TYPE, "descendants are at a level below");
    }
    required(on_id, "on_id");
    resource->snapshot.descendants(
        resource->resource, *of, [&](index::ResourceId, const index::PublicId& found) {
          return tell(resource->plugin, context, on_id, to_text(found.to_string()));
        });
  });
}

int32_t tags(const hilum_resource* resource, uint32_t of_level, hilum_on_tag on_tag, void* context) {
  return guarded("hilum.index/1 tags", [&] {
    const index::Resource& record = resource->resource;
    const std::optional<Level> of = level_of(of_level);
    const bool copy_of_patient = of == Level::kPatient && record.level == Level::kStudy;
    if (of != record.level && !copy_of_patient) {
      throw Error(HILUM_E_BAD_TYPE,
                  "a resource has the tags of its own level, and a study those of its patient");
    }
    required(on_tag, "on_tag");
    for (const dicom::TagValue& value : copy_of_patient ? record.patient_tags : record.tags) {
      const uint32_t kind = value.is_json ? HILUM_VALUE_SEQUENCE : HILUM_VALUE_TEXT;
      if (!tell(resource->plugin, context, on_tag, value.tag, kind, to_text(value.value))) {
        return;
      }
    }
  });
}

int32_t metadata(const hilum_resource* resource, hilum_on_metadata on_metadata, void* context) {
  return guarded("hilum.index/1 metadata", [&] {
    required(on_metadata, "on_metadata");
    for (const index::Metadata& entry : resource->snapshot.metadata(resource->resource)) {
      if (!tell(resource->plugin, context, on_metadata, entry.key, to_text(entry.value), entry.revision)) {
        return;
      }
    }
  });
}

int32_t attachments(const hilum_resource* resource, hilum_on_attachment on_attachment, void* context) {
  return guarded("hilum.index/1 attachments", [&] {
    required(on_attachment, "on_attachment");
    for (const index::Attachment& entry : resource->resource.attachments) {
      const AttachmentTexts texts(entry);
      const hilum_attachment facts = texts.fill();
      if (!tell(resource->plugin, context, on_attachment, &facts)) {
        return;
      }
    }
  });
}

int32_t resource_labels(const hilum_resource* resource, hilum_on_text on_label, void* context) {
  return guarded("hilum.index/1 resource_labels", [&] {
    tell_texts(resource->plugin, resource->snapshot.labels(resource->resource.id), on_label, context);
  });
}

int32_t statistics(const hilum_resource* resource, hilum_statistics* out) {
  return guarded("hilum.index/1 statistics", [&] {
    const index::Counters counters = resource->snapshot.counters(resource->resource);
    hilum_statistics result{};
    result.studies = counters.studies;
    result.series = counters.series;
    result.instances = counters.instances;
    result.stored_size = counters.stored_size;
    result.content_size = counters.content_size;
    result.dicom_stored_size = counters.dicom_stored_size;
    result.dicom_content_size = counters.dicom_content_size;
    write_struct(out, result, "out");
  });
}

// A question that cannot be answered is answered with no.
int32_t is_stable(const hilum_resource* resource) {
  bool stable = false;
  guarded("hilum.index/1 is_stable",
          [&] { stable = resource->plugin.services().ingest.is_stable(resource->resource.id); });
  return stable ? 1 : 0;
}

int32_t is_protected(const hilum_resource* resource) {
  bool result = false;
  guarded("hilum.index/1 is_protected", [&] {
    result =
        resource->resource.level == Level::kPatient && resource->snapshot.is_protected(resource->resource.id);
  });
  return result ? 1 : 0;
}

const hilum_index_v1 kTable = {&snapshot_open, &snapshot_close,  &list,
                               &totals,        &labels,          &open,
                               &close,         &level,           &id,
                               &ancestor,      &descendants,     &tags,
                               &metadata,      &attachments,     &resource_labels,
                               &statistics,    &is_stable,       &is_protected,
                               &set_metadata,  &delete_metadata, &add_label,
                               &remove_label,  &set_protected,   &delete_resource};

}  // namespace

const void* index_table() { return &kTable; }

}  // namespace hilum::plugins
