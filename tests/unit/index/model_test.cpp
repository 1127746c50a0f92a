// Random operations on the index and on a simple model of it; after every group both must tell the same.
#include <hilum/cpp/error.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/unit/index/index_fixture.h"

namespace hilum::index {
namespace {

struct ModelResource {
  Level level = Level::kPatient;
  PublicId parent;  // of a level above
  std::set<std::string> labels;
  std::map<int32_t, std::string> metadata;
  std::map<int32_t, uint64_t> attachments;  // type to size
};

struct ModelChange {
  int64_t sequence;
  ChangeType type;
  PublicId resource;
  bool operator==(const ModelChange& other) const {
    return sequence == other.sequence && type == other.type && resource == other.resource;
  }
};

struct Model {
  std::map<PublicId, ModelResource> resources;
  std::array<std::vector<PublicId>, 4> order;  // of creation, by level
  std::vector<PublicId> recycling;
  std::set<PublicId> is_protected;
  std::vector<ModelChange> changes;
  int64_t last_sequence = 0;

  std::vector<PublicId>& order_of(Level level) { return order[static_cast<size_t>(level) - 1]; }

  void log(ChangeType type, const PublicId& id) { changes.push_back({++last_sequence, type, id}); }

  void add(const NewInstance& instance) {
    constexpr ChangeType kTypes[] = {ChangeType::kNewPatient, ChangeType::kNewStudy, ChangeType::kNewSeries,
                                     ChangeType::kNewInstance};
    std::array<bool, 4> made{};
    for (size_t slot = 0; slot < 4; ++slot) {
      const auto [it, is_new] = resources.try_emplace(instance.ids[slot]);
      made[slot] = is_new;
      if (is_new) {
        it->second.level = kLevels[slot];
        it->second.parent = slot == 0 ? PublicId() : instance.ids[slot - 1];
        order[slot].push_back(instance.ids[slot]);
      }
    }
    resources[instance.ids[3]].attachments[1] = 600;
    for (size_t slot = 4; slot-- > 0;) {
      if (made[slot]) {
        log(kTypes[slot], instance.ids[slot]);
      }
    }
    const PublicId& patient = instance.ids[0];
    if (is_protected.count(patient) == 0) {
      recycling.erase(std::remove(recycling.begin(), recycling.end(), patient), recycling.end());
      recycling.push_back(patient);
    }
  }

  std::vector<PublicId> children(const PublicId& id) {
    std::vector<PublicId> found;
    const Level level = resources.at(id).level;
    if (level != Level::kInstance) {
      for (const PublicId& child : order[static_cast<size_t>(level)]) {
        if (resources.at(child).parent == id) {
          found.push_back(child);
        }
      }
    }
    return found;
  }

  void erase(const PublicId& id) {
    for (const PublicId& child : children(id)) {
      erase(child);
    }
    std::vector<PublicId>& list = order_of(resources.at(id).level);
    list.erase(std::find(list.begin(), list.end(), id));
    recycling.erase(std::remove(recycling.begin(), recycling.end(), id), recycling.end());
    is_protected.erase(id);
    changes.erase(std::remove_if(changes.begin(), changes.end(),
                                 [&](const ModelChange& change) { return change.resource == id; }),
                  changes.end());
    resources.erase(id);
  }
  std::optional<PublicId> remove(const PublicId& id) {
    PublicId parent = resources.at(id).parent;
    Level level = resources.at(id).level;
    erase(id);
    while (level != Level::kPatient) {
      if (!children(parent).empty()) {
        return parent;
      }
      level = resources.at(parent).level;
      const PublicId above = resources.at(parent).parent;
      erase(parent);
      parent = above;
    }
    return std::nullopt;
  }

  Counters counters(const PublicId& id) {
    Counters sum;
    const ModelResource& resource = resources.at(id);
    for (const auto& [type, size] : resource.attachments) {
      sum.stored_size += size;
      sum.dicom_stored_size += type == 1 ? size : 0;
    }
    for (const PublicId& child : children(id)) {
      const Counters below = counters(child);
      const Level level = resources.at(child).level;
      sum.studies += below.studies + (level == Level::kStudy);
      sum.series += below.series + (level == Level::kSeries);
      sum.instances += below.instances + (level == Level::kInstance);
      sum.stored_size += below.stored_size;
      sum.dicom_stored_size += below.dicom_stored_size;
    }
    return sum;
  }
};

class ModelTest : public IndexTest {
 protected:
  size_t below(size_t limit) { return random_() % limit; }

  PublicId any_resource() {
    auto it = model_.resources.begin();
    std::advance(it, static_cast<std::ptrdiff_t>(below(model_.resources.size())));
    return it->first;
  }

  void add_one() {
    const std::string patient = "P" + std::to_string(below(4));
    const std::string study = patient + "." + std::to_string(below(3));
    const std::string series = study + "." + std::to_string(below(3));
    const std::string uid = series + "." + std::to_string(below(6));
    const NewInstance instance = make_instance(patient, study, series, uid);
    if (model_.resources.count(instance.ids[3]) != 0) {
      EXPECT_THROW(transaction.add_instance(instance), Error);
      return;
    }
    transaction.add_instance(instance);
    model_.add(instance);
  }

  void remove_one() {
    const PublicId id = any_resource();
    const Removed removed = transaction.remove(*transaction.find(id));
    const std::optional<PublicId> remaining = model_.remove(id);
    ASSERT_EQ(removed.remaining.has_value(), remaining.has_value());
    if (remaining) {
      EXPECT_EQ(removed.remaining->second, *remaining);
    }
  }

  void decorate_one() {
    const PublicId id = any_resource();
    const Resource resource = *transaction.find(id);
    ModelResource& wanted = model_.resources.at(id);
    const std::string label = "label" + std::to_string(below(3));
    const int32_t key = 1024 + static_cast<int32_t>(below(3));
    switch (below(7)) {
      case 0:
        EXPECT_EQ(transaction.add_label(resource, label), wanted.labels.insert(label).second);
        break;
      case 1:
        EXPECT_EQ(transaction.remove_label(resource, label), wanted.labels.erase(label) != 0);
        break;
      case 2:
        transaction.set_metadata(resource, {key, 0, label}, true);
        wanted.metadata[key] = label;
        model_.log(ChangeType::kUpdatedMetadata, id);
        break;
      case 3:
        transaction.erase_metadata(resource, key);
        wanted.metadata.erase(key);
        model_.log(ChangeType::kUpdatedMetadata, id);
        break;
      case 4: {
        Attachment attachment;
        attachment.type = key;
        attachment.stored_size = below(100);
        transaction.set_attachment(resource, attachment, false);
        wanted.attachments[key] = attachment.stored_size;
        break;
      }
      case 5:
        if (wanted.attachments.erase(key) != 0) {
          model_.log(ChangeType::kUpdatedAttachment, id);
        }
        transaction.erase_attachment(resource, key);
        break;
      default:
        transaction.log_change(ChangeType::kStableSeries, resource.level, resource.id, id, 1);
        model_.log(ChangeType::kStableSeries, id);
    }
  }

  void protect_one() {
    const std::vector<PublicId>& patients = model_.order_of(Level::kPatient);
    const PublicId id = patients[below(patients.size())];
    const bool wanted = below(2) == 0;
    transaction.set_protected(*transaction.find(id), wanted);
    auto& order = model_.recycling;
    if (wanted && model_.is_protected.insert(id).second) {
      order.erase(std::remove(order.begin(), order.end(), id), order.end());
    } else if (!wanted && model_.is_protected.erase(id) != 0) {
      order.push_back(id);
    }
  }

  void any_operation() {
    const size_t dice = below(100);
    if (dice < 50 || model_.resources.empty()) {
      add_one();
    } else if (dice < 60) {
      remove_one();
    } else if (dice < 92) {
      decorate_one();
    } else if (dice < 97) {
      protect_one();
    } else if (dice < 98) {
      transaction.clear_changes();
      model_.changes.clear();
    } else {
      roll_back_some();
    }
  }

  void roll_back_some() {
    const Model before = model_;
    const size_t savepoint = transaction.savepoint();
    for (size_t i = below(5); i-- > 0;) {
      any_operation();
    }
    transaction.roll_back(savepoint);
    model_ = before;
  }

  void compare() {
    const Snapshot view = snapshot();
    compare_lists();
    Totals totals;
    for (const auto& [id, wanted] : model_.resources) {
      compare_resource(view, id, wanted);
      for (const auto& [type, size] : wanted.attachments) {
        totals.stored_size += size;
      }
    }
    EXPECT_EQ(view.totals().stored_size, totals.stored_size);
    EXPECT_EQ(view.totals().instances, model_.order_of(Level::kInstance).size());
    EXPECT_EQ(view.totals().patients, model_.order_of(Level::kPatient).size());
    compare_changes(view);
    std::vector<PublicId> recycling;
    view.recycling_order([&](ResourceId id) {
      recycling.push_back(view.get(id)->public_id);
      return true;
    });
    EXPECT_EQ(recycling, model_.recycling);
    EXPECT_EQ(problems(), std::vector<std::string>());
  }

  void compare_lists() {
    for (const Level level : kLevels) {
      const std::vector<PublicId>& all = model_.order_of(level);
      EXPECT_EQ(list(level, 0, 1000000), all);
      const size_t since = below(all.size() + 2), limit = below(5);
      const auto first = all.begin() + static_cast<std::ptrdiff_t>(std::min(since, all.size()));
      const auto last =
          first + std::min<std::ptrdiff_t>(all.end() - first, static_cast<std::ptrdiff_t>(limit));
      EXPECT_EQ(list(level, since, limit), std::vector<PublicId>(first, last));
    }
  }

  void compare_resource(const Snapshot& view, const PublicId& id, const ModelResource& wanted) {
    const std::optional<Resource> resource = view.find(id, wanted.level);
    ASSERT_TRUE(resource);
    const std::vector<std::string> labels = view.labels(resource->id);
    EXPECT_EQ(std::set<std::string>(labels.begin(), labels.end()), wanted.labels);
    std::map<int32_t, std::string> metadata;
    for (const Metadata& item : view.metadata(*resource)) {
      if (item.key >= kFirstUserMetadata) {
        metadata[item.key] = item.value;
      }
    }
    EXPECT_EQ(metadata, wanted.metadata);
    Counters counters = view.counters(*resource), expected = model_.counters(id);
    EXPECT_EQ(counters.studies, expected.studies);
    EXPECT_EQ(counters.series, expected.series);
    EXPECT_EQ(counters.instances, expected.instances);
    EXPECT_EQ(counters.stored_size, expected.stored_size);
    EXPECT_EQ(counters.dicom_stored_size, expected.dicom_stored_size);
    if (wanted.level != Level::kPatient) {
      EXPECT_EQ(view.get(resource->parent)->public_id, wanted.parent);
    }
    if (wanted.level != Level::kInstance) {
      std::vector<PublicId> children;
      view.descendants(*resource, static_cast<Level>(static_cast<int>(wanted.level) + 1),
                       [&](ResourceId, const PublicId& child) {
                         children.push_back(child);
                         return true;
                       });
      EXPECT_EQ(children, model_.children(id));
    }
  }

  void compare_changes(const Snapshot& view) {
    std::vector<ModelChange> forwards, backwards;
    const auto into = [](std::vector<ModelChange>& all) {
      return [&all](const Change& change) {
        all.push_back({change.sequence, change.type, change.resource});
        return true;
      };
    };
    view.changes(0, into(forwards));
    view.changes_backwards(model_.last_sequence, into(backwards));
    std::reverse(backwards.begin(), backwards.end());
    EXPECT_EQ(forwards, model_.changes);
    EXPECT_EQ(backwards, model_.changes);
    EXPECT_EQ(view.last_change_sequence(), model_.last_sequence);
  }

  Model model_;
  std::mt19937 random_{20240131};
};

TEST_F(ModelTest, TellsTheSameAsTheModel) {
  for (int group = 0; group < 120 && !HasFailure(); ++group) {
    for (size_t i = below(25); i-- > 0;) {
      any_operation();
    }
    commit();
    if (below(10) == 0) {
      transaction.reset();  // as after a restart
    }
    compare();
  }
}

}  // namespace
}  // namespace hilum::index
