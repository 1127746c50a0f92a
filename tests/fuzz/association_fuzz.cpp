// What two ends of an association say to each other. First byte, modulo 4:
//   0  the body of an A-ASSOCIATE-RQ, as our server gets it          1  bytes after an honest negotiation, for our server
//   2  the body of an A-ASSOCIATE-AC, as our calls get it            3  data sets of retrieval and storage commitment
// The server is the real one, on a loopback port, with an archive in memory.
#include <arpa/inet.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/oflog/oflog.h>
#include <hilum/dicom/parse.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/dimse/commitment.h"
#include "core/dimse/dcmtk_setup.h"
#include "core/dimse/retrieve_lookup.h"
#include "core/dimse/scu/association_pdus.h"
#include "core/dimse/server.h"
#include "core/dimse/transfer_syntaxes.h"
#include "core/events/events.h"
#include "core/index/leveldb_store.h"
#include "core/ingest/ingest.h"
#include "core/storage/segment_store.h"
#include "tests/fuzz/fuzz.h"

using namespace hilum;

namespace {

constexpr uint8_t kAssociateRequest = 1;
constexpr int kPatience = 20000;  // ms: a server that is silent for longer hangs

// Everything that the server needs, for the life of the process.
class Archive {
 public:
  Archive() {
    // ./run removes what is in TMPDIR: libFuzzer ends without letting us do so.
    const char* temporary = getenv("TMPDIR");
    std::string name = std::string(temporary != nullptr ? temporary : "/tmp") + "/hilum-fuzz-XXXXXX";
    folder_ = mkdtemp(name.data());
    store_ = index::LevelDbStore::open(folder_ + "/index");
    storage::StoreOptions blobs;
    blobs.segment_size = 1 << 20;
    blobs.durable = false;
    blobs_ = std::make_unique<storage::SegmentStore>(folder_ + "/storage", blobs, *store_);
    ingest::Options options;
    options.durable = false;
    ingest_ = std::make_unique<ingest::Ingest>(*store_, *blobs_, events_, options);
    dimse::ServerOptions server;
    server.bind_address = "127.0.0.1";
    server.port = 0;
    server.always_allow_find = server.always_allow_get = server.always_allow_move =
        server.always_allow_find_worklist = true;
    server.scp_timeout = std::chrono::seconds(2);
    server.accepted_transfer_syntaxes = dimse::accepted_transfer_syntaxes({"*"}, {});
    server_ = std::make_unique<dimse::Server>(std::move(server), *ingest_);
    server_->start();
  }
  uint16_t port() const { return server_->port(); }
  ingest::Ingest& ingest() { return *ingest_; }

 private:
  std::string folder_;
  std::unique_ptr<index::LevelDbStore> store_;
  std::unique_ptr<storage::SegmentStore> blobs_;
  events::EventBus events_;
  std::unique_ptr<ingest::Ingest> ingest_;
  std::unique_ptr<dimse::Server> server_;
};

Archive& archive() {
  static Archive* made = new Archive;  // its threads run until the process ends
  return *made;
}

std::string pdu(uint8_t type, std::string_view body) {
  std::string out;
  out.push_back(static_cast<char>(type));
  out.push_back('\0');
  append_be(out, static_cast<uint32_t>(body.size()));
  return out += body;
}

std::vector<dimse::Proposal> proposals() {
  std::vector<dimse::Proposal> all;
  for (const char* const abstract_syntax :
       {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1",
        "1.2.840.10008.5.1.4.1.2.2.2", "1.2.840.10008.5.1.4.1.2.2.3", "1.2.840.10008.1.20.1",
        "1.2.840.10008.5.1.4.31"}) {
    all.push_back({abstract_syntax, {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}, true, true});
  }
  return all;
}

// Says it, then hears the server out: it must end the connection, and not only when its patience is over.
void converse(std::string_view bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // The end is a reset: thousands of ports would have to rest otherwise.
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(archive().port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  fuzz::require(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
                "the server takes connections");
  while (!bytes.empty()) {
    const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  shutdown(fd, SHUT_WR);
  for (;;) {
    pollfd readable{fd, POLLIN, 0};
    fuzz::require(poll(&readable, 1, kPatience) == 1,
                  "the server ends an association that the peer has ended");
    char answer[4096];
    if (recv(fd, answer, sizeof answer, 0) <= 0) break;
  }
  close(fd);
}

void read_data_sets(std::string_view bytes) {
  for (const char* const syntax : {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1"}) {
    fuzz::accepted([&] {
      const dimse::CommitmentRequest request = dimse::parse_commitment_request(bytes, syntax);
      auto items = request.items;
      dimse::look_up_commitment(archive().ingest(), &items);
      fuzz::require(items.size() == request.items.size(), "each reference is looked up");
      const std::string report = dimse::encode_commitment_report(request.transaction_uid, items);
      fuzz::require(
          dimse::parse_commitment_report(report, "1.2.840.10008.1.2.1").items.size() == items.size(),
          "a report says something of each reference");
    });
    fuzz::accepted([&] { dimse::parse_commitment_report(bytes, syntax); });
    fuzz::accepted([&] {
      const auto parsed =
          dicom::parse_data_set(dicom::ByteSource(bytes.data(), bytes.size()), syntax, {true});
      const index::Snapshot snapshot = archive().ingest().snapshot();
      for (const bool is_strict : {false, true}) {
        fuzz::accepted([&] {
          const auto found =
              dimse::look_up_resources(parsed.data_set(), snapshot,
                                       {dicom::Encoding::Latin1, is_strict, is_strict}, [] { return true; });
          fuzz::require(!found.empty(), "a lookup finds something or throws");
          dimse::instances_of(found, snapshot);
        });
      }
    });
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  OFLog::configure(OFLogger::OFF_LOG_LEVEL);
  log_set_level(LogLevel::kError);
  dimse::configure_dcmtk();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      converse(pdu(kAssociateRequest, bytes));
      break;
    case 1: {
      static const std::string request =
          dimse::encode_association_request({"FUZZ", "HILUM", 16384, proposals()});
      converse(request + std::string(bytes));
      break;
    }
    case 2:
      if (const auto answer = dimse::parse_association_accept(bytes, proposals())) {
        fuzz::require(answer->accepted.size() <= proposals().size(),
                      "nothing is accepted that was not proposed");
      }
      dimse::rejection_text(bytes);
      break;
    default:
      read_data_sets(bytes);
  }
  return 0;
}
