#include "core/index/transaction.h"

#include <hilum/cpp/error.h>

#include "core/index/utc_time.h"
#include "tests/unit/index/index_fixture.h"

namespace hilum::index {
namespace {

std::vector<ChangeType> types_of(const std::vector<Change>& changes) {
  std::vector<ChangeType> types;
  for (const Change& change : changes) {
    types.push_back(change.type);
  }
  return types;
}

using T = ChangeType;

TEST_F(IndexTest, AddsAnInstanceWithItsParents) {
  const Resource added = add("P", "1", "1.1", "1.1.1");
  EXPECT_EQ(transaction.counters(*transaction.find(make_instance("P", "1", "1.1", "").ids[2])).instances, 1u);
  commit();
  EXPECT_EQ(types_of(transaction.take_events()),
            (std::vector<T>{T::kNewInstance, T::kNewSeries, T::kNewStudy, T::kNewPatient,
                            T::kNewChildInstance, T::kNewChildInstance, T::kNewChildInstance}));
  EXPECT_EQ(types_of(changes()),
            (std::vector<T>{T::kNewInstance, T::kNewSeries, T::kNewStudy, T::kNewPatient}));

  const Snapshot view = snapshot();
  const Resource instance = *view.find(added.public_id);
  EXPECT_EQ(instance.id, added.id);
  EXPECT_EQ(instance.tags.at(0).value, "1.1.1");
  EXPECT_EQ(instance.attachments.at(0).content_size, 1000u);
  EXPECT_EQ(instance.attachments.at(0).stored_md5, std::nullopt);
  const Resource study = view.ancestor(instance, Level::kStudy);
  EXPECT_EQ(study.patient_tags.at(1).value, "P");
  const Resource patient = view.ancestor(instance, Level::kPatient);
  const Counters counters = view.counters(patient);
  EXPECT_EQ(counters.studies, 1u);
  EXPECT_EQ(counters.series, 1u);
  EXPECT_EQ(counters.instances, 1u);
  EXPECT_EQ(counters.stored_size, 600u);
  EXPECT_EQ(counters.dicom_content_size, 1000u);
  EXPECT_EQ(view.metadata(patient, kLastUpdate)->value, format_utc(1700000000000));
  EXPECT_FALSE(view.metadata(instance, kLastUpdate));
  EXPECT_EQ(view.find(added.public_id, Level::kSeries), std::nullopt);
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, RefusesAnInstanceTwiceAndCollidingIdentifiers) {
  add("P", "1", "2", "3");
  EXPECT_THROW(add("P", "1", "2", "3"), Error);
  EXPECT_THROW(add("P|1", "9", "2", "3"), Error);  // its patient has the public id of the study
}

TEST_F(IndexTest, RollbackLeavesNoTrace) {
  add("P", "1", "1.1", "a");
  commit();
  transaction.take_events();
  const std::string before = dump();
  for (int round = 0; round < 2; ++round) {
    const size_t savepoint = transaction.savepoint();
    const Resource instance = add("P", "1", "1.2", "b");
    add("Q", "2", "2.1", "c");
    transaction.add_label(instance, "label");
    transaction.set_metadata(instance, {1024, 0, "value"}, true);
    transaction.set_protected(
        *transaction.get(
            snapshot()
                .ancestor(*snapshot().find(make_instance("P", "1", "1.1", "a").ids[3]), Level::kPatient)
                .id),
        true);
    transaction.remove(*transaction.find(make_instance("P", "1", "1.1", "a").ids[3]));
    transaction.clear_changes();
    transaction.put_raw("Bx", "y");
    transaction.roll_back(savepoint);
  }
  EXPECT_TRUE(transaction.take_events().empty());
  EXPECT_TRUE(transaction.take().empty());
  EXPECT_EQ(dump(), before);

  // A rollback in the middle keeps what was before it.
  const Resource kept = add("P", "1", "1.2", "b");
  const size_t savepoint = transaction.savepoint();
  transaction.remove(kept);
  EXPECT_FALSE(transaction.find(kept.public_id));
  transaction.roll_back(savepoint);
  EXPECT_TRUE(transaction.find(kept.public_id));
  commit();
  EXPECT_EQ(snapshot().totals().instances, 2u);
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, ResetForgetsABatchThatWasNotWritten) {
  add("P", "1", "1.1", "a");
  commit();
  const std::string before = dump();
  add("P", "1", "1.1", "b");
  transaction.take();  // lost
  transaction.reset();
  EXPECT_EQ(transaction.totals().instances, 1u);
  EXPECT_TRUE(transaction.take_events().empty());
  add("P", "1", "1.1", "b");
  commit();
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, RemovesEmptyAncestors) {
  const Resource a = add("P", "1", "1.1", "a");
  const Resource b = add("P", "1", "1.2", "b");
  const Resource series = *transaction.get(a.parent);
  const Resource study = *transaction.get(series.parent);
  Attachment own;
  own.type = 1024;
  own.content_size = own.stored_size = 7;
  transaction.set_attachment(series, own, true);
  commit();
  EXPECT_EQ(changes().back().type, T::kUpdatedAttachment);
  EXPECT_EQ(snapshot().counters(study).stored_size, 1207u);
  EXPECT_EQ(snapshot().counters(study).dicom_stored_size, 1200u);
  transaction.take_events();

  Removed removed = transaction.remove(a);
  commit();
  EXPECT_EQ(removed.blobs.size(), 2u);
  EXPECT_EQ(removed.remaining->first, Level::kStudy);
  EXPECT_EQ(removed.remaining->second, study.public_id);
  EXPECT_EQ(types_of(transaction.take_events()), (std::vector<T>{T::kDeleted, T::kDeleted}));
  EXPECT_EQ(snapshot().counters(study).stored_size, 600u);
  EXPECT_GT(snapshot().counters(study).last_update_ms, 1700000000000);
  EXPECT_EQ(problems(), std::vector<std::string>());
  EXPECT_THROW(transaction.remove(a), Error);

  removed = transaction.remove(b);
  commit();
  EXPECT_EQ(removed.remaining, std::nullopt);
  EXPECT_EQ(transaction.take_events().size(), 4u);
  EXPECT_EQ(snapshot().totals().patients, 0u);
  EXPECT_TRUE(changes().empty());
  EXPECT_EQ(snapshot().last_change_sequence(), 7);
  EXPECT_EQ(problems(), std::vector<std::string>());
  // Nothing is left but the version and the numbers.
  std::string types;
  const auto it = store->snapshot()->iterate();
  for (it->seek(""); it->valid(); it->next()) {
    types += it->key()[0];
  }
  EXPECT_EQ(types, "TTTTV");
}

TEST_F(IndexTest, ReplacesAnInstanceInOneGroup) {
  const Resource first = add("P", "1", "1.1", "a");
  commit();
  transaction.remove(first);
  const Resource second = add("P", "1", "1.1", "a");
  commit();
  EXPECT_GT(second.id, first.id);
  EXPECT_EQ(snapshot().find(first.public_id)->id, second.id);
  EXPECT_EQ(snapshot().totals().instances, 1u);
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, MetadataOfTheRecordCanBeReplacedAndErased) {
  const Resource instance = add("P", "1", "1.1", "a");
  transaction.set_metadata(instance, {1030, 3, "user"}, true);
  transaction.set_metadata(instance, {2, 1, "other"}, false);
  commit();
  std::vector<Metadata> all = snapshot().metadata(instance);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].value, "other");
  EXPECT_EQ(all[0].revision, 1);
  EXPECT_EQ(all[1].revision, 3);
  EXPECT_EQ(transaction.metadata(instance, 2)->value, "other");
  transaction.erase_metadata(instance, 2);
  transaction.erase_metadata(instance, 1030);
  commit();
  EXPECT_TRUE(snapshot().metadata(*snapshot().find(instance.public_id)).empty());
  EXPECT_EQ(types_of(changes()).size(), 6u);
  const Resource series = *transaction.get(instance.parent);
  transaction.set_metadata(series, {kLastUpdate, 0, "20200229T010203"}, false);
  EXPECT_EQ(transaction.metadata(series, kLastUpdate)->value, "20200229T010203");
  EXPECT_THROW(transaction.set_metadata(series, {kLastUpdate, 0, "20210229T010203"}, false), Error);
  commit();
  EXPECT_EQ(snapshot().metadata(series).at(0).value, "20200229T010203");
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, LabelsOfLevels) {
  const Resource instance = add("P", "1", "1.1", "a");
  const Resource series = *transaction.get(instance.parent);
  EXPECT_TRUE(transaction.add_label(instance, "b"));
  EXPECT_FALSE(transaction.add_label(instance, "b"));
  EXPECT_TRUE(transaction.add_label(instance, "a"));
  EXPECT_TRUE(transaction.add_label(series, "ab"));
  commit();
  EXPECT_EQ(snapshot().labels(instance.id), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(snapshot().all_labels(std::nullopt), (std::vector<std::string>{"a", "ab", "b"}));
  EXPECT_EQ(snapshot().all_labels(Level::kSeries), (std::vector<std::string>{"ab"}));
  int found = 0;
  snapshot().labelled(Level::kInstance, "a", [&](ResourceId id) {
    EXPECT_EQ(id, instance.id);
    return ++found > 0;
  });
  EXPECT_EQ(found, 1);
  EXPECT_TRUE(transaction.remove_label(instance, "a"));
  EXPECT_FALSE(transaction.remove_label(instance, "a"));
  commit();
  EXPECT_EQ(snapshot().labels(instance.id), (std::vector<std::string>{"b"}));
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, RecyclingOrder) {
  add("A", "1", "1", "1");
  add("B", "2", "2", "2");
  add("A", "1", "1", "3");
  const PublicId a = make_instance("A", "", "", "").ids[0], b = make_instance("B", "", "", "").ids[0];
  EXPECT_EQ(transaction.next_to_recycle(std::nullopt)->public_id, b);
  EXPECT_EQ(transaction.next_to_recycle(b)->public_id, a);
  commit();
  transaction.set_protected(*transaction.find(b), true);
  EXPECT_EQ(transaction.next_to_recycle(std::nullopt)->public_id, a);
  EXPECT_FALSE(transaction.next_to_recycle(a));
  add("B", "2", "2", "4");
  commit();
  EXPECT_TRUE(snapshot().is_protected(transaction.find(b)->id));
  transaction.set_protected(*transaction.find(b), false);
  commit();
  std::vector<ResourceId> order;
  snapshot().recycling_order([&](ResourceId id) {
    order.push_back(id);
    return true;
  });
  EXPECT_EQ(order, (std::vector<ResourceId>{transaction.find(a)->id, transaction.find(b)->id}));
  EXPECT_THROW(transaction.set_protected(*transaction.get(transaction.find(a)->id + 1), true), Error);
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, ClearedChangesAreGoneAtOnceAndTheirKeysInTime) {
  for (int i = 0; i < 700; ++i) {
    const Resource instance = add("P", "1", "1", std::to_string(i));
    transaction.log_change(T::kUpdatedMetadata, Level::kInstance, instance.id, instance.public_id, 5);
  }
  commit();
  transaction.clear_changes();
  const Resource later = add("P", "1", "1", "later");
  commit();
  EXPECT_EQ(types_of(changes()), (std::vector<T>{T::kNewInstance}));
  int backwards = 0;
  snapshot().changes_backwards(1 << 20, [&](const Change&) { return ++backwards > 0; });
  EXPECT_EQ(backwards, 1);
  EXPECT_EQ(snapshot().last_change_sequence(), 1404);
  EXPECT_EQ(problems(), std::vector<std::string>());
  transaction.remove(*transaction.find(make_instance("P", "1", "1", "3").ids[3]));
  for (int i = 0; i < 3; ++i) {
    commit();
  }
  int keys = 0;
  const auto it = store->snapshot()->iterate();
  for (it->seek("H"); it->valid() && it->key()[0] == 'H'; it->next()) {
    ++keys;
  }
  for (it->seek("h"); it->valid() && it->key()[0] == 'h'; it->next()) {
    ++keys;
  }
  EXPECT_EQ(keys, 1);
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, SetTagsMovesSearchKeys) {
  const Resource instance = add("P", "1", "1.1", "a");
  const Resource study = *transaction.get(transaction.get(instance.parent)->parent);
  transaction.set_metadata(study, {15, 0, "old"}, false);
  commit();
  transaction.set_tags(study, {{dicom::kStudyInstanceUid, "1", false}, {0x00081030, "new_Text", false}},
                       TagValues{{dicom::kPatientId, "P", false}}, {{15, 0, "new"}});
  commit();
  const auto found = [&](Tag tag, std::string_view value) {
    int count = 0;
    snapshot().identifiers(Level::kStudy, tag, value, value,
                           [&](std::string_view, ResourceId) { return ++count > 0; });
    return count;
  };
  EXPECT_EQ(found(0x00081030, "NEW TEXT"), 1);
  EXPECT_EQ(found(dicom::kStudyDate, "20240131"), 0);
  EXPECT_EQ(found(dicom::kPatientName, "NAME^P"), 0);
  EXPECT_EQ(found(dicom::kPatientId, "P"), 1);
  EXPECT_EQ(snapshot().metadata(*snapshot().find(study.public_id), 15)->value, "new");
  EXPECT_EQ(problems(), std::vector<std::string>());
}

TEST_F(IndexTest, CompletesASeries) {
  const auto add_index = [&](const std::string& uid, const std::optional<std::string>& index) {
    NewInstance instance = make_instance("P", "1", "1.1", uid);
    instance.series_metadata = {{kExpectedInstances, 0, "2"}};
    if (index) {
      instance.instance_metadata.insert(instance.instance_metadata.begin(), {kIndexInSeries, 0, *index});
    }
    transaction.take_events();
    const Resource added = transaction.add_instance(instance);
    const bool complete = transaction.is_series_complete(added.parent);
    EXPECT_EQ(transaction.take_events().back().type == T::kCompletedSeries, complete);
    return complete;
  };
  EXPECT_FALSE(add_index("a", "1"));
  EXPECT_FALSE(add_index("b", std::nullopt));
  EXPECT_TRUE(add_index("c", " 2"));
  EXPECT_TRUE(add_index("d", std::nullopt));
  commit();
  // Without what was known in memory.
  transaction.reset();
  EXPECT_TRUE(add_index("e", std::nullopt));
  EXPECT_FALSE(add_index("f", "2"));
  transaction.remove(*transaction.find(make_instance("P", "1", "1.1", "f").ids[3]));
  EXPECT_TRUE(add_index("g", std::nullopt));
  transaction.set_metadata(*transaction.find(make_instance("P", "1", "1.1", "a").ids[3]),
                           {kIndexInSeries, 1, "2"}, false);
  EXPECT_FALSE(add_index("h", std::nullopt));
}

}  // namespace
}  // namespace hilum::index
