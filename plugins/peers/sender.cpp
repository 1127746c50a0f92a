#include "sender.h"

#include <hilum/dicom/transcode.h>
#include <hilum/rest/stored_file.h>

#include <new>
#include <stdexcept>
#include <vector>

#include "gzip.h"

namespace hilum::peers {

namespace {

using http_client::Body;
using http_client::RequestError;
using Kind = SendError::Kind;

constexpr uint64_t kInMemory = uint64_t{2} << 20;  // longer files wait on the disk, one for each connection
constexpr uint64_t kLongestAnswer =
    uint64_t{1} << 20;  // of POST /instances: a few hundred bytes, or a list for an archive

Kind kind_of(RequestError::Kind kind) {
  switch (kind) {
    case RequestError::Kind::kUnreachable:
    case RequestError::Kind::kLost:
      return Kind::kTransient;
    case RequestError::Kind::kCancelled:
      return Kind::kCancelled;
    case RequestError::Kind::kTls:
    case RequestError::Kind::kLocal:
    case RequestError::Kind::kAnswer:
      break;
  }
  return Kind::kPeer;
}

// What a status says about the instances that follow.
Kind kind_of(int status) {
  switch (status) {
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
      return Kind::kTransient;
    case 400:
    case 409:
    case 413:
    case 415:
    case 422:
    case 500:
    case 507:
      return Kind::kInstance;
    default:
      return Kind::kPeer;
  }
}

std::string transfer_syntax_of(const Resource& instance) {
  std::string uid;
  instance.metadata([&](int32_t key, std::string_view value, int64_t) {
    if (key == HILUM_METADATA_TRANSFER_SYNTAX) uid = value;
  });
  return uid;
}

Body body_of(dicom::SpooledOutput& file) {
  return {file.size(), [source = file.source()](uint64_t offset, void* to, size_t count) {
            return source.read(offset, to, count);
          }};
}

// False: that is not possible with this one.
bool transcode(const Tools& tools, const SendOptions& options, rest::StoredFile& file, const std::string& id,
               dicom::SpooledOutput& out) {
  dicom::TranscodeOptions how;
  how.lossy_quality = options.lossy_quality;
  std::string why;
  try {
    (void)tools.transcoder.transcode(file.structure(), options.transcode, how, out);
    return true;
  } catch (const Error& error) {
    if (error.code() == HILUM_E_SYSTEM) throw;  // the disk, not the image
    why = error.what();
  } catch (const std::bad_alloc&) {
    why = "it takes too much memory";
  } catch (const std::length_error&) {
    why = "it takes too much memory";
  }
  tools.log.info("peers: instance " + id + " is sent as it is, it cannot be transcoded to " +
                 options.transcode + ": " + why);
  return false;
}

}  // namespace

http_client::Response post_instance(http_client::Client& client, const Peer& peer, const Body& body,
                                    bool is_compressed, std::function<bool()> is_cancelled) {
  try {
    http_client::Request request = request_to(peer, "POST", "instances");
    request.headers.emplace_back("Content-Type", "application/dicom");
    if (is_compressed) request.headers.emplace_back("Content-Encoding", "gzip");
    request.body = body;
    request.answer_limit = kLongestAnswer;
    request.is_cancelled = std::move(is_cancelled);
    http_client::Response response = client.perform(request);
    if (!response.is_success()) {
      throw SendError(
          kind_of(response.status), HILUM_E_NETWORK,
          "peer " + peer.name + " has answered with HTTP status " + std::to_string(response.status));
    }
    return response;
  } catch (const RequestError& error) {
    throw SendError(kind_of(error.kind()), HILUM_E_NETWORK, "peer " + peer.name + ": " + error.details());
  }
}

Sender::Sender(const Tools& tools, Peer peer, SendOptions options)
    : tools_(tools), peer_(std::move(peer)), options_(std::move(options)), client_(tools.http, tools.log) {}

uint64_t Sender::send(const std::string& id, const IsCancelled& is_cancelled) {
  try {
    return send_stored(id, is_cancelled);
  } catch (const SendError&) {
    throw;
  } catch (const Error& error) {  // of this end: the instance is gone, its file cannot be read
    const Kind kind = error.code() == HILUM_E_NOT_IMPLEMENTED ? Kind::kPeer : Kind::kInstance;
    throw SendError(kind, error.code(), "instance " + id + ": " + error.what());
  }
}

uint64_t Sender::send_stored(const std::string& id, const IsCancelled& is_cancelled) {
  std::optional<Blob> blob;
  std::optional<dicom::SpooledOutput> transcoded;
  {
    // An open snapshot holds back the space of what is deleted: not while the line is slow.
    const Snapshot snapshot = tools_.services.index.snapshot();
    const std::optional<Resource> instance = snapshot.find(id, HILUM_INSTANCE);
    if (!instance) throw Error(HILUM_E_UNKNOWN_RESOURCE, "it has been removed since the job was made");
    const std::string from = transfer_syntax_of(*instance);
    if (!options_.transcode.empty() && from != options_.transcode &&
        (from.empty() || tools_.transcoder.is_possible(from, options_.transcode))) {
      rest::StoredFile file(tools_.services, *instance);
      transcoded.emplace(tools_.services.temporary_directory, kInMemory);
      if (!transcode(tools_, options_, file, id, *transcoded)) transcoded.reset();
    }
    if (!transcoded) blob.emplace(tools_.services.attachments.open(*instance));
  }
  if (transcoded) return send_body(body_of(*transcoded), is_cancelled);
  return send_body(
      {blob->info().content_size,
       [&blob](uint64_t offset, void* to, size_t count) { return blob->read(offset, to, count); }},
      is_cancelled);
}

uint64_t Sender::send_body(const Body& body, const IsCancelled& is_cancelled) {
  if (!options_.compress) {
    (void)post_instance(client_, peer_, body, false, is_cancelled);
    return body.size;
  }
  // The length has to be known: not every server takes a body in chunks.
  dicom::SpooledOutput compressed(tools_.services.temporary_directory, kInMemory);
  gzip(body, compressed);
  (void)post_instance(client_, peer_, body_of(compressed), true, is_cancelled);
  return compressed.size();
}

}  // namespace hilum::peers
