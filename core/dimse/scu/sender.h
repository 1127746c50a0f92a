// C-STORE to one target: instances one after the other, over one association.
#pragma once

#include <hilum/dicom/byte_source.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/scu/target.h"
#include "core/index/types.h"

namespace hilum::dimse {

class Scu;

struct SendOptions {
  bool no_transcoding = false;
  std::string move_originator_aet;  // with id 0 both are left out
  uint16_t move_originator_id = 0;
  // The association is released with the sender, not kept for the next one: who asks for instances by C-MOVE waits for its end.
  bool releases_at_end = false;
};

// What became of one C-STORE.
struct Sent {
  uint16_t status = 0;  // also of a DimseError
  uint64_t bytes = 0;   // of the data set
  bool transcoded = false;
  std::string sop_class, sop_instance, transfer_syntax;
};

// Made by Scu::open_sender(), which must outlive it; one thread at a time. Associations come from the pool and go back to it.
class Sender {
 public:
  virtual ~Sender() = default;

  // What will be sent, in this order: one association is negotiated for all of it, and files are read ahead. What is
  // not there is passed over. May be called again.
  virtual void announce(const std::vector<index::PublicId>& instances) = 0;
  // Throws DimseError for a status that is no success (0000, B000, B006, B007 and 0111 are), HILUM_E_UNKNOWN_RESOURCE, HILUM_E_NETWORK,
  // HILUM_E_NOT_IMPLEMENTED (nobody can transcode it), HILUM_E_CORRUPTED...: the next one can be sent all the same. `sent`
  // is filled as far as it came, also then.
  virtual void send(const index::PublicId& instance, Sent* sent) = 0;
  // A DICOM file.
  virtual void send_file(const dicom::ByteSource& file, Sent* sent) = 0;
};

}  // namespace hilum::dimse
