// What the configuration says for all calls to other systems.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/dimse/tls.h"

namespace hilum::dimse {

struct ScuOptions {
  std::string aet = "HILUM";         // DicomAet
  std::chrono::seconds timeout{10};  // DicomScuTimeout; 0: none
  uint32_t maximum_pdu_length = 16384;
  std::chrono::seconds close_delay{5};  // DicomAssociationCloseDelay; 0: closed at once
  TlsSettings tls;

  bool transcode = true;  // TranscodeDicomProtocol
  std::string preferred_transfer_syntax = "1.2.840.10008.1.2.1";
  int lossy_quality = 90;

  // Of C-GET: what the server takes now, sorted classes and transfer syntaxes in the order of their registry.
  std::function<std::vector<std::string>()> accepted_sop_classes;
  std::function<std::vector<std::string>()> accepted_transfer_syntaxes;
  bool get_proposes_accepted =
      true;  // DicomGetScuProposesAcceptedTransferSyntaxes; else uncompressed ones only
};

}  // namespace hilum::dimse
