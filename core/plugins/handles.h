// What stands behind the opaque handles of the ABI.
#pragma once

#include <memory>
#include <string>

#include "core/http/answer.h"
#include "core/http/request.h"
#include "core/index/snapshot.h"
#include "core/ingest/ingest.h"
#include "core/plugins/content_reader.h"
#include "core/plugins/convert.h"
#include "core/plugins/plugin.h"

// On the stack of the thread that runs the handler.
struct hilum_request {
  hilum::plugins::Plugin& plugin;
  hilum::http::Request& request;
  hilum::http::Answer& answer;
};

// Owned by the plugin that opened it, until snapshot_close.
struct hilum_snapshot {
  hilum::plugins::Plugin& plugin;
  hilum::index::Snapshot snapshot;
};

// Owned by the plugin that opened it, until close.
struct hilum_resource {
  hilum_resource(hilum::plugins::Plugin& of_plugin, hilum::index::Snapshot of_snapshot,
                 hilum::index::Resource of_resource)
      : plugin(of_plugin),
        snapshot(std::move(of_snapshot)),
        resource(std::move(of_resource)),
        id(resource.public_id.to_string()) {}

  hilum::plugins::Plugin& plugin;
  hilum::index::Snapshot snapshot;
  hilum::index::Resource resource;
  std::string id;
};

// Owned by the plugin that opened it, until close.
struct hilum_blob {
  hilum_blob(std::shared_ptr<const hilum::storage::BlobReader> blob,
             const hilum::index::Attachment& attachment)
      : content(std::move(blob), attachment), texts(attachment), facts(attachment) {}

  hilum::plugins::ContentReader content;
  hilum::plugins::AttachmentTexts texts;
  hilum::index::Attachment facts;
};

// On the stack of the thread that received the instance.
struct hilum_incoming {
  hilum::plugins::Plugin& plugin;
  const hilum::ingest::Incoming& incoming;
};
