// Presentation contexts: which are accepted, with which transfer syntax (PS3.8 section 9.3).
#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/server_options.h"

namespace hilum::dimse {

enum class Service { kNone, kVerification, kStorage, kFind, kMove, kGet, kWorklist, kCommitment };

// The verdict on one proposed context. `result` is that of the A-ASSOCIATE-AC (PS3.8 table 9-18): 0 accepted,
// 3 abstract syntax, 4 transfer syntaxes not supported.
struct ContextDecision {
  uint8_t result = 3;
  Service service = Service::kNone;
  std::string transfer_syntax;
};

// Settings that REST clients change, and what follows from them. Immutable: a change makes a new one.
class NegotiationRules {
 public:
  NegotiationRules(const ServerOptions& options, std::vector<std::string> accepted_transfer_syntaxes,
                   bool unknown_sop_class_accepted);

  // The first proposed transfer syntax that is accepted: the client's order decides.
  ContextDecision decide(const std::string& abstract_syntax, const std::vector<std::string>& proposed) const;

  const std::vector<std::string>& accepted_transfer_syntaxes() const { return accepted_transfer_syntaxes_; }
  bool unknown_sop_class_accepted() const { return unknown_sop_class_accepted_; }
  const std::set<std::string>& storage_classes() const { return storage_classes_; }

 private:
  bool is_storage(const std::string& abstract_syntax) const;

  std::vector<std::string> accepted_transfer_syntaxes_;
  std::set<std::string> usable_transfer_syntaxes_;  // those that the toolkit can read
  std::set<std::string> storage_classes_;
  std::vector<std::string> rejected_patterns_;
  bool unknown_sop_class_accepted_;
};

}  // namespace hilum::dimse
