#include "core/dimse/modality_registry.h"

#include <hilum/cpp/error.h>
#include <json/writer.h>

#include <algorithm>
#include <utility>

#include "core/dimse/modality_json.h"
#include "core/dimse/permissions.h"
#include "core/ingest/ingest.h"

namespace hilum::dimse {
namespace {

constexpr const char* kProperty = "DicomModalities";

Modalities read_stored(const std::string& text) {
  Modalities modalities;
  try {
    const Json::Value json = parse_json_text(text);
    for (const std::string& name : json.getMemberNames()) {
      modalities.push_back(read_modality(json[name]));
      modalities.back().name = name;
    }
  } catch (const std::exception& error) {
    throw Error(HILUM_E_CORRUPTED,
                std::string("the modalities in the index cannot be read: ") + error.what());
  }
  return modalities;
}

std::string stored_form(const Modalities& modalities) {
  Json::Value json = Json::objectValue;
  for (const Modality& modality : modalities) {
    json[modality.name] = json_of_modality(modality);
  }
  Json::StreamWriterBuilder builder;
  builder["indentation"] = "";
  return Json::writeString(builder, json);
}

bool by_name(const Modality& a, const Modality& b) { return a.name < b.name; }

}  // namespace

ModalityRegistry::ModalityRegistry(ingest::Ingest& ingest, Options options)
    : ingest_(ingest), options_(std::move(options)) {
  Modalities initial = options_.configured;
  if (options_.in_database) {
    const std::optional<std::string> stored = ingest_.snapshot().global_property(kProperty);
    initial = stored ? read_stored(*stored) : Modalities();
  }
  std::sort(initial.begin(), initial.end(), by_name);
  current_ = std::make_shared<const Modalities>(std::move(initial));
}

std::shared_ptr<const Modalities> ModalityRegistry::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return current_;
}

std::optional<Modality> ModalityRegistry::find(std::string_view name) const {
  const std::shared_ptr<const Modalities> all = snapshot();
  const auto found =
      std::find_if(all->begin(), all->end(), [&](const Modality& modality) { return modality.name == name; });
  return found == all->end() ? std::nullopt : std::optional<Modality>(*found);
}

Modality ModalityRegistry::get(std::string_view name) const {
  std::optional<Modality> found = find(name);
  if (!found) {
    throw Error(HILUM_E_INEXISTENT_ITEM,
                "No modality with symbolic name: " + std::string(name.substr(0, 64)));
  }
  return std::move(*found);
}

Modalities ModalityRegistry::by_aet(std::string_view aet) const {
  Modalities found;
  for (const Modality& modality : *snapshot()) {
    if (same_aet(modality.aet, aet, options_.strict_aet)) found.push_back(modality);
  }
  return found;
}

void ModalityRegistry::publish(Modalities modalities) {
  if (options_.in_database) {
    ingest::Ingest::Change change;
    change.apply = [text = stored_form(modalities)](index::Transaction& transaction) {
      transaction.set_global_property(kProperty, text);
      return std::vector<index::BlobUuid>();
    };
    ingest_.change(std::move(change));
  }
  auto next = std::make_shared<const Modalities>(std::move(modalities));
  const std::lock_guard<std::mutex> lock(mutex_);
  current_ = std::move(next);
}

void ModalityRegistry::put(const std::string& name, Modality modality) {
  constexpr size_t kMostModalities = 10000;
  check_modality_name(name);
  modality.name = name;
  const std::lock_guard<std::mutex> lock(writing_);
  Modalities next = *snapshot();
  const auto at = std::lower_bound(next.begin(), next.end(), modality, by_name);
  if (at != next.end() && at->name == name) {
    *at = std::move(modality);
  } else if (next.size() >= kMostModalities) {
    throw Error(HILUM_E_BAD_REQUEST, "there are " + std::to_string(kMostModalities) + " modalities already");
  } else {
    next.insert(at, std::move(modality));
  }
  publish(std::move(next));
}

bool ModalityRegistry::remove(std::string_view name) {
  const std::lock_guard<std::mutex> lock(writing_);
  Modalities next = *snapshot();
  const auto at =
      std::find_if(next.begin(), next.end(), [&](const Modality& modality) { return modality.name == name; });
  if (at == next.end()) {
    return false;
  }
  next.erase(at);
  publish(std::move(next));
  return true;
}

}  // namespace hilum::dimse
