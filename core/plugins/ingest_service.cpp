// hilum.ingest/1
#include <hilum/ingest.h>

#include <array>
#include <limits>

#include "core/base/temporary_file.h"
#include "core/http/dispatcher.h"
#include "core/plugins/handles.h"
#include "core/plugins/services.h"

namespace hilum::plugins {

namespace {

int32_t store(const hilum_host* host, const void* dicom, uint64_t size, const hilum_origin* origin,
              hilum_stored* out) {
  return guarded("hilum.ingest/1 store", [&] {
    const ingest::Stored stored =
        plugin_of(host).services().ingest.store(bytes_of(dicom, size), origin_of(origin));
    if (out) {
      write_struct(out, to_stored(stored), "out");
    }
  });
}

// A spool that lies elsewhere cannot become a blob by its name: copied to where it can.
UniqueFd copy_to(const std::string& directory, const http::Body& body) {
  UniqueFd file = make_temporary_file(directory);
  std::array<char, 64 * 1024> piece;
  for (uint64_t offset = 0; offset < body.size();) {
    const size_t count = body.read(offset, piece.data(), piece.size());
    if (count == 0) {
      throw Error(HILUM_E_CORRUPTED, "the spooled body of the request is too short");
    }
    write_all_at(file.get(), {piece.data(), count}, offset, directory);
    offset += count;
  }
  return file;
}

// The body of the request, which is empty afterwards.
ingest::Bytes take_body(Plugin& plugin, http::Body& body) {
  ingest::Bytes bytes;
  bytes.size = body.size();
  if (body.in_memory()) {
    bytes.memory = body.take_text(std::numeric_limits<size_t>::max());
    return bytes;
  }
  const std::string& directory = plugin.services().ingest.spool_directory();
  if (plugin.services().dispatcher.options().body.spool_directory == directory) {
    bytes.fd = body.take_spool_fd();
  } else {
    bytes.fd = copy_to(directory, body).release();
    body = http::Body();
  }
  return bytes;
}

int32_t store_body(const hilum_host* host, hilum_request* request,
                   int32_t (*on_stored)(void* context, const hilum_stored* stored), void* context,
                   int32_t* is_archive) {
  return guarded("hilum.ingest/1 store_body", [&] {
    Plugin& plugin = plugin_of(host);
    required(on_stored, "on_stored");
    http::Request& from = required(request, "request").request;
    ingest::Origin origin;
    origin.kind = ingest::OriginKind::kRestApi;
    origin.remote_ip = from.remote_address;
    origin.user = from.user;
    OwnedBytes body(take_body(plugin, from.body));
    const auto tell = [&](const ingest::Stored& stored) {
      const hilum_stored facts = to_stored(stored);
      const int32_t status = plugin.inside("on_stored", [&] { return on_stored(context, &facts); });
      if (status != HILUM_OK) {
        throw error_of_status(status);
      }
    };
    const bool archive = plugin.services().ingest.store_body(std::move(body.bytes), origin, tell);
    if (is_archive) {
      *is_archive = archive ? 1 : 0;
    }
  });
}

int32_t reconstruct(const hilum_host* host, hilum_text id, int32_t files, int32_t only_own_level) {
  return guarded("hilum.ingest/1 reconstruct", [&] {
    plugin_of(host).services().ingest.reconstruct(public_id(id), files != 0, only_own_level != 0);
  });
}

const hilum_ingest_v1 kTable = {&store, &store_body, &reconstruct};

}  // namespace

const void* ingest_table() { return &kTable; }

}  // namespace hilum::plugins
