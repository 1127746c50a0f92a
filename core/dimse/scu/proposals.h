// Which presentation contexts a sender, or a C-GET, proposes. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dimse/scu/association_pdus.h"

namespace hilum::dimse {

// Classes and transfer syntaxes of what is sent, in the order in which they were met.
class StorageNeeds {
 public:
  struct Class {
    std::string sop_class;
    std::vector<std::string> transfer_syntaxes;
  };
  void add(std::string_view sop_class, std::string_view transfer_syntax);
  const std::vector<Class>& classes() const { return classes_; }

 private:
  std::vector<Class> classes_;
};

// For each class: a context for each syntax that instances are stored in, so that the peer's answer tells about each of them;
// and, if they may be transcoded, one for the preferred syntax and one for the uncompressed syntaxes that are not named yet. The class
// `first` comes first; what does not fit into an association is left out.
std::vector<Proposal> storage_proposals(const StorageNeeds& needs, std::string_view first, bool transcode,
                                        const std::string& preferred_transfer_syntax);

// Has this pair been proposed, whatever came of it?
bool is_proposed(const std::vector<Proposal>& proposals, std::string_view sop_class,
                 std::string_view transfer_syntax);

// For a C-GET: the query's class, then the storage classes, in which we take (and, with `both_roles`, send). Each has a context for
// the uncompressed syntaxes; `compressed` ones get contexts of their own as far as there is room, so that the peer need not transcode;
// without room for all classes they are added to the one context.
std::vector<Proposal> retrieve_proposals(const std::string& model,
                                         const std::vector<std::string>& sop_classes,
                                         const std::vector<std::string>& compressed, bool both_roles);

// Explicit and implicit little endian, explicit big endian.
const std::vector<std::string>& uncompressed_syntaxes();

}  // namespace hilum::dimse
