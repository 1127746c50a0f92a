// Who may open an association, and who may send which command.
#pragma once

#include <string>
#include <string_view>

#include "core/dimse/command.h"
#include "core/dimse/server_options.h"

namespace hilum::dimse {

// The other side of an association.
struct Peer {
  std::string calling_aet;
  std::string called_aet;
  std::string address;  // numeric
};

// AE titles are compared without case, unless StrictAetComparison.
bool same_aet(std::string_view a, std::string_view b, bool strict);

// Whether an association may be opened at all: every one, unless all "always allow" options are off; then
// callers must be known (and call from their host, with DicomCheckModalityHost).
bool may_associate(const ServerOptions& options, const Modalities& modalities, const Peer& peer);

// Whether this peer may send this command. `worklist`: the C-FIND is one of the worklist information model.
bool may_send(const ServerOptions& options, const Modalities& modalities, const Peer& peer, uint16_t command,
              bool worklist = false);

// Whether what goes to this peer may be transcoded: unless a modality of its title says no.
bool may_transcode(const ServerOptions& options, const Modalities& modalities, const Peer& peer);

}  // namespace hilum::dimse
