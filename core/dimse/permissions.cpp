#include "core/dimse/permissions.h"

#include <algorithm>
#include <vector>

namespace hilum::dimse {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool always_allowed(const ServerOptions& options, uint16_t command, bool worklist) {
  switch (command) {
    case kEchoRequest:
      return options.always_allow_echo;
    case kStoreRequest:
      return options.always_allow_store;
    case kFindRequest:
      return worklist ? options.always_allow_find_worklist : options.always_allow_find;
    case kGetRequest:
      return options.always_allow_get;
    case kMoveRequest:
      return options.always_allow_move;
    default:  // N-ACTION and N-EVENT-REPORT have no such option
      return false;
  }
}

bool modality_allows(const Modality& modality, uint16_t command, bool worklist) {
  switch (command) {
    case kEchoRequest:
      return modality.allow_echo;
    case kStoreRequest:
      return modality.allow_store;
    case kFindRequest:
      return worklist ? modality.allow_find_worklist : modality.allow_find;
    case kGetRequest:
      return modality.allow_get;
    case kMoveRequest:
      return modality.allow_move;
    case kActionRequest:
      return modality.allow_n_action;
    case kEventReportRequest:
      return modality.allow_event_report;
    default:
      return false;
  }
}

std::vector<const Modality*> modalities_of(const ServerOptions& options, const Modalities& modalities,
                                           std::string_view aet) {
  std::vector<const Modality*> found;
  for (const Modality& modality : modalities) {
    if (same_aet(modality.aet, aet, options.strict_aet)) {
      found.push_back(&modality);
    }
  }
  return found;
}

}  // namespace

bool same_aet(std::string_view a, std::string_view b, bool strict) {
  return strict ? a == b : std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) {
    return lower(x) == lower(y);
  });
}

bool may_associate(const ServerOptions& options, const Modalities& modalities, const Peer& peer) {
  if (options.always_allow_echo || options.always_allow_store || options.always_allow_find ||
      options.always_allow_find_worklist || options.always_allow_get || options.always_allow_move) {
    return true;
  }
  const auto known = modalities_of(options, modalities, peer.calling_aet);
  return std::any_of(known.begin(), known.end(), [&](const Modality* modality) {
    return !options.check_modality_host || modality->host == peer.address;
  });
}

bool may_send(const ServerOptions& options, const Modalities& modalities, const Peer& peer, uint16_t command,
              bool worklist) {
  if (always_allowed(options, command, worklist)) {
    return true;
  }
  const auto known = modalities_of(options, modalities, peer.calling_aet);
  const auto allows = [&](const Modality* modality) { return modality_allows(*modality, command, worklist); };
  if (known.empty()) {
    return false;
  }
  if (known.size() == 1) {
    return (!options.check_modality_host || known[0]->host == peer.address) && allows(known[0]);
  }
  // Several entries of one title: one that is known by its host, else all of them must agree.
  return (options.check_modality_host &&
          std::any_of(known.begin(), known.end(),
                      [&](const Modality* m) { return m->host == peer.address && allows(m); })) ||
         std::all_of(known.begin(), known.end(), allows);
}

bool may_transcode(const ServerOptions& options, const Modalities& modalities, const Peer& peer) {
  const auto known = modalities_of(options, modalities, peer.calling_aet);
  return std::all_of(known.begin(), known.end(), [](const Modality* m) { return m->allow_transcoding; });
}

}  // namespace hilum::dimse
