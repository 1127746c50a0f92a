// The DICOM systems that the server knows, as they are now.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/dimse/server_options.h"

namespace hilum::ingest {
class Ingest;
}

namespace hilum::dimse {

// Owned by main; thread-safe. A change counts at once for who asks snapshot() afterwards. With `in_database` the list is kept
// in the index as one global property, and durable when a change returns.
class ModalityRegistry {
 public:
  struct Options {
    Modalities configured;  // ignored if they are in the database
    bool in_database = false;
    bool strict_aet = false;
    std::string default_retrieve_method = "C-MOVE";
  };
  // Throws HILUM_E_CORRUPTED if the database holds what is no list of modalities.
  ModalityRegistry(ingest::Ingest& ingest, Options options);

  // Ascending by name; never null.
  std::shared_ptr<const Modalities> snapshot() const;
  std::optional<Modality> find(std::string_view name) const;
  // Throws HILUM_E_INEXISTENT_ITEM, naming it.
  Modality get(std::string_view name) const;
  Modalities by_aet(std::string_view aet) const;

  // Adds or replaces. Throws HILUM_E_BAD_FORMAT for a name that is none, and what the index throws.
  void put(const std::string& name, Modality modality);
  // False if there is none.
  bool remove(std::string_view name);

  const std::string& default_retrieve_method() const { return options_.default_retrieve_method; }

 private:
  void publish(Modalities modalities);

  ingest::Ingest& ingest_;
  const Options options_;
  std::mutex writing_;        // one change at a time
  mutable std::mutex mutex_;  // guards current_
  std::shared_ptr<const Modalities> current_;
};

}  // namespace hilum::dimse
