#include "core/dimse/scu/proposals.h"

#include <hilum/dicom/transfer_syntax.h>

#include <algorithm>
#include <utility>

namespace hilum::dimse {
namespace {

bool contains(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<Proposal> proposals_of(const StorageNeeds::Class& needed, bool transcode,
                                   const std::string& preferred) {
  std::vector<Proposal> proposals;
  std::vector<std::string> named = needed.transfer_syntaxes;
  for (const std::string& syntax : named) {
    proposals.push_back({needed.sop_class, {syntax}});
  }
  if (!transcode) return proposals;
  if (!contains(named, preferred)) {
    proposals.push_back({needed.sop_class, {preferred}});
    named.push_back(preferred);
  }
  std::vector<std::string> rest;
  for (const std::string& syntax : uncompressed_syntaxes()) {
    if (!contains(named, syntax)) rest.push_back(syntax);
  }
  if (!rest.empty()) proposals.push_back({needed.sop_class, std::move(rest)});
  return proposals;
}

}  // namespace

const std::vector<std::string>& uncompressed_syntaxes() {
  static const std::vector<std::string> syntaxes = {std::string(dicom::kExplicitLittleEndian),
                                                    std::string(dicom::kImplicitLittleEndian),
                                                    std::string(dicom::kExplicitBigEndian)};
  return syntaxes;
}

void StorageNeeds::add(std::string_view sop_class, std::string_view transfer_syntax) {
  auto found = std::find_if(classes_.begin(), classes_.end(),
                            [&](const Class& known) { return known.sop_class == sop_class; });
  if (found == classes_.end()) {
    found = classes_.insert(classes_.end(), Class{std::string(sop_class), {}});
  }
  if (!contains(found->transfer_syntaxes, transfer_syntax)) {
    found->transfer_syntaxes.emplace_back(transfer_syntax);
  }
}

std::vector<Proposal> storage_proposals(const StorageNeeds& needs, std::string_view first, bool transcode,
                                        const std::string& preferred_transfer_syntax) {
  std::vector<Proposal> proposals;
  const auto add = [&](const StorageNeeds::Class& needed) {
    std::vector<Proposal> more = proposals_of(needed, transcode, preferred_transfer_syntax);
    // A class is proposed as a whole or not at all, but for the first one.
    if (proposals.empty() || proposals.size() + more.size() <= kMostContexts) {
      std::move(more.begin(), more.end(), std::back_inserter(proposals));
    }
  };
  for (const StorageNeeds::Class& needed : needs.classes()) {
    if (needed.sop_class == first) add(needed);
  }
  for (const StorageNeeds::Class& needed : needs.classes()) {
    if (needed.sop_class != first) add(needed);
  }
  if (proposals.size() > kMostContexts) proposals.resize(kMostContexts);
  return proposals;
}

bool is_proposed(const std::vector<Proposal>& proposals, std::string_view sop_class,
                 std::string_view transfer_syntax) {
  return std::any_of(proposals.begin(), proposals.end(), [&](const Proposal& proposal) {
    return proposal.abstract_syntax == sop_class && contains(proposal.transfer_syntaxes, transfer_syntax);
  });
}

std::vector<Proposal> retrieve_proposals(const std::string& model,
                                         const std::vector<std::string>& sop_classes,
                                         const std::vector<std::string>& compressed, bool both_roles) {
  std::vector<Proposal> proposals{{model, uncompressed_syntaxes()}};
  const size_t classes = std::min(sop_classes.size(), kMostContexts - 1);
  const size_t room_for_each = classes == 0 ? 0 : (kMostContexts - 1) / classes - 1;
  for (size_t i = 0; i < classes; ++i) {
    Proposal plain{sop_classes[i], uncompressed_syntaxes(), both_roles, true};
    if (room_for_each == 0) {
      plain.transfer_syntaxes.insert(plain.transfer_syntaxes.end(), compressed.begin(), compressed.end());
    }
    proposals.push_back(std::move(plain));
    for (size_t j = 0; j < std::min(room_for_each, compressed.size()); ++j) {
      proposals.push_back({sop_classes[i], {compressed[j]}, both_roles, true});
    }
  }
  return proposals;
}

}  // namespace hilum::dimse
