// hilum.batches/draft
#include <hilum/draft/batches.h>

#include "core/base/uuid.h"
#include "core/ingest/batch.h"
#include "core/plugins/handles.h"
#include "core/plugins/index_service.h"
#include "core/plugins/records_service.h"
#include "core/plugins/services.h"

// Owned by the plugin that opened it, until close.
struct hilum_batch {
  hilum::plugins::Plugin& plugin;
  std::unique_ptr<hilum::ingest::Batch> batch;
};

namespace hilum::plugins {

namespace {

ingest::Batch& batch_of(hilum_batch* batch) { return *required(batch, "batch").batch; }

// Runs on a resource, if it is there.
template <typename Act>
void then_on(hilum_batch* batch, hilum_text id, Act act) {
  batch_of(batch).then([wanted = public_id(id), act = std::move(act)](index::Transaction& transaction,
                                                                      std::vector<index::BlobUuid>& removed) {
    if (const auto resource = transaction.find(wanted)) {
      act(transaction, *resource, removed);
    }
  });
}

int32_t open(const hilum_host* host, hilum_batch** out) {
  return guarded("hilum.batches/draft open", [&] {
    Plugin& plugin = plugin_of(host);
    required(out, "out") = new hilum_batch{plugin, plugin.services().ingest.open_batch()};
  });
}

void close(hilum_batch* batch) { delete batch; }

int32_t add(hilum_batch* batch, const void* dicom, uint64_t size, const hilum_origin* origin,
            hilum_stored* out) {
  return guarded("hilum.batches/draft add", [&] {
    const ingest::Stored stored = batch_of(batch).add(bytes_of(dicom, size), origin_of(origin));
    if (out) {
      write_struct(out, to_stored(stored), "out");
    }
  });
}

int32_t set_metadata(hilum_batch* batch, hilum_text id, int32_t key, hilum_text value) {
  return guarded("hilum.batches/draft set_metadata", [&] {
    checked_metadata_key(key);
    then_on(batch, id,
            [key, value = std::string(to_view(value))](index::Transaction& transaction,
                                                       const index::Resource& resource, auto&) {
              const auto present = transaction.metadata(resource, key);
              transaction.set_metadata(resource, {key, present ? present->revision + 1 : 0, value},
                                       key >= kFirstUserMetadataKey);
            });
  });
}

int32_t add_label(hilum_batch* batch, hilum_text id, hilum_text label) {
  return guarded("hilum.batches/draft add_label", [&] {
    then_on(batch, id,
            [text = checked_label(label)](index::Transaction& transaction, const index::Resource& resource,
                                          auto&) { transaction.add_label(resource, text); });
  });
}

int32_t remove(hilum_batch* batch, hilum_text id) {
  return guarded("hilum.batches/draft remove", [&] {
    then_on(batch, id,
            [](index::Transaction& transaction, const index::Resource& resource,
               std::vector<index::BlobUuid>& removed) {
              const index::Removed gone = transaction.remove(resource);
              removed.insert(removed.end(), gone.blobs.begin(), gone.blobs.end());
            });
  });
}

int32_t write_record(hilum_batch* batch, hilum_text store, const hilum_record_change* given) {
  return guarded("hilum.batches/draft write_record", [&] {
    batch_of(batch).then([change = record_change(checked_store(store), required(given, "change"))](
                             index::Transaction& transaction, auto&) { apply(change, transaction); });
  });
}

int32_t expect_file(hilum_batch* batch, hilum_text id, hilum_text uuid) {
  return guarded("hilum.batches/draft expect_file", [&] {
    const auto file = Uuid::parse(std::string(to_view(uuid)));
    if (!file) {
      throw Error(HILUM_E_OUT_OF_RANGE, "the UUID of an attachment has 36 characters");
    }
    batch_of(batch).expect(public_id(id), file->bytes());
  });
}

int32_t require_new(hilum_batch* batch) {
  return guarded("hilum.batches/draft require_new", [&] { batch_of(batch).require_new(); });
}

int32_t keep_transfer_syntax(hilum_batch* batch) {
  return guarded("hilum.batches/draft keep_transfer_syntax", [&] { batch_of(batch).keep_transfer_syntax(); });
}

int32_t commit(hilum_batch* batch, hilum_on_stored on_stored, void* context) {
  return guarded("hilum.batches/draft commit", [&] {
    for (const ingest::Stored& stored : batch_of(batch).commit()) {
      const hilum_stored facts = to_stored(stored);
      if (on_stored) {
        batch->plugin.inside("on_stored", [&] { return on_stored(context, &facts); });
      }
    }
  });
}

const hilum_batches_draft kTable = {
    &open,         &close,       &add,         &set_metadata,         &add_label, &remove,
    &write_record, &expect_file, &require_new, &keep_transfer_syntax, &commit};

}  // namespace

const void* batches_table() { return &kTable; }

}  // namespace hilum::plugins
