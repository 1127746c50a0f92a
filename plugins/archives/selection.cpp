#include "selection.h"

namespace hilum::archives {

namespace {

Selected& whole(Selected& node) {
  node.whole = true;
  node.below.clear();
  node.instances.clear();
  return node;
}

void add_amount(const Snapshot& snapshot, const std::string& id, const Selected& node, Amount& amount) {
  if (node.whole) {
    if (const std::optional<Resource> resource = snapshot.find(id)) {
      const hilum_statistics statistics = resource->statistics();
      amount.instances += statistics.instances;
      amount.bytes += statistics.dicom_content_size;
    }
    return;
  }
  for (const auto& [child, below] : node.below) add_amount(snapshot, child, below, amount);
  for (const std::string& instance : node.instances) {
    const std::optional<Resource> resource = snapshot.find(instance, HILUM_INSTANCE);
    if (!resource) continue;
    ++amount.instances;
    amount.bytes += resource->statistics().dicom_content_size;
  }
}

// A node's children at the level below `level`: those selected, or all.
template <typename Function>
void each_child(const Snapshot& snapshot, uint32_t level, const std::string& id, const Selected& node,
                Function&& on_child) {
  static const Selected kWhole{true, {}, {}};
  if (!node.whole) {
    for (const auto& [child, below] : node.below) on_child(child, below);
    return;
  }
  const std::optional<Resource> resource = snapshot.find(id, level);
  if (!resource) return;
  std::map<std::string, Selected> sorted;
  resource->descendants(level + 1, [&](std::string_view child) { sorted.emplace(child, Selected{}); });
  for (const auto& item : sorted) on_child(item.first, kWhole);
}

}  // namespace

bool Selection::add(const Snapshot& snapshot, const std::string& id, uint32_t level) {
  const std::optional<Resource> resource = snapshot.find(id, level);
  if (!resource) return false;
  const uint32_t own = resource->level();
  of_patients_ = of_patients_ || own == HILUM_PATIENT;
  std::map<std::string, Selected>* nodes = &patients_;
  for (uint32_t at = HILUM_PATIENT;; ++at) {
    if (at == HILUM_INSTANCE) break;
    Selected& node = (*nodes)[std::string(at == own ? resource->id() : resource->ancestor(at).id())];
    if (node.whole) return true;
    if (at == own) {
      whole(node);
      return true;
    }
    if (at == HILUM_SERIES) node.instances.emplace_back(resource->id());
    nodes = &node.below;
  }
  return true;
}

Amount Selection::amount(const Snapshot& snapshot) const {
  Amount amount;
  for (const auto& [id, node] : patients_) add_amount(snapshot, id, node, amount);
  return amount;
}

std::vector<SelectedSeries> series_of(const Selection& selection, const Snapshot& snapshot) {
  std::vector<SelectedSeries> list;
  for (const auto& patient : selection.patients()) {
    each_child(snapshot, HILUM_PATIENT, patient.first, patient.second,
               [&](const std::string& study, const Selected& study_node) {
                 each_child(snapshot, HILUM_STUDY, study, study_node,
                            [&](const std::string& series, const Selected& series_node) {
                              list.push_back({patient.first, study, series,
                                              series_node.whole ? nullptr : &series_node.instances});
                            });
               });
  }
  return list;
}

}  // namespace hilum::archives
