#include "core/index/snapshot.h"

#include <hilum/cpp/error.h>

#include "tests/unit/index/index_fixture.h"

namespace hilum::index {
namespace {

// Counts how many entries a reader looks at.
class CountingSnapshot final : public KvSnapshot {
 public:
  explicit CountingSnapshot(std::shared_ptr<const KvSnapshot> inner) : inner_(std::move(inner)) {}
  bool get(std::string_view key, std::string* value) const override { return inner_->get(key, value); }
  std::unique_ptr<KvIterator> iterate() const override {
    return std::make_unique<Iterator>(inner_->iterate(), &moves);
  }
  mutable size_t moves = 0;

 private:
  class Iterator final : public KvIterator {
   public:
    Iterator(std::unique_ptr<KvIterator> inner, size_t* moves) : inner_(std::move(inner)), moves_(moves) {}
    void seek(std::string_view key) override { ++*moves_, inner_->seek(key); }
    void seek_for_previous(std::string_view key) override { ++*moves_, inner_->seek_for_previous(key); }
    bool valid() const override { return inner_->valid(); }
    void next() override { ++*moves_, inner_->next(); }
    void previous() override { ++*moves_, inner_->previous(); }
    std::string_view key() const override { return inner_->key(); }
    std::string_view value() const override { return inner_->value(); }

   private:
    std::unique_ptr<KvIterator> inner_;
    size_t* moves_;
  };
  std::shared_ptr<const KvSnapshot> inner_;
};

TEST_F(IndexTest, PagesCostTheSameAnywhere) {
  constexpr size_t kInstances = 100000;
  for (size_t i = 0; i < kInstances; ++i) {
    const std::string series = std::to_string(i / 1000), study = std::to_string(i / 5000);
    NewInstance instance = make_instance("P", study, series, std::to_string(i));
    instance.instance_metadata.clear();
    transaction.add_instance(instance);
    if (i % 10000 == 9999) {
      commit();
      transaction.take_events();
    }
  }
  for (const size_t since : {size_t{0}, size_t{1}, size_t{1023}, size_t{50000}, kInstances - 3}) {
    auto counting = std::make_shared<CountingSnapshot>(store->snapshot());
    size_t seen = 0;
    Snapshot(counting).list(Level::kInstance, since, 2, [&](ResourceId, const PublicId& id) {
      const size_t n = since + seen;
      EXPECT_EQ(
          id,
          make_instance("P", std::to_string(n / 5000), std::to_string(n / 1000), std::to_string(n)).ids[3]);
      return ++seen > 0;
    });
    EXPECT_EQ(seen, 2u);
    EXPECT_LT(counting->moves, 1024u + 110u) << since;
  }
  EXPECT_TRUE(list(Level::kInstance, kInstances, 5).empty());
  EXPECT_TRUE(list(Level::kInstance, ~uint64_t{0}, ~uint64_t{0}).empty());
  EXPECT_EQ(list(Level::kSeries, 98, 10).size(), 2u);
  EXPECT_EQ(list(Level::kStudy, 3, 10).at(0), make_instance("P", "3", "", "").ids[1]);
}

TEST_F(IndexTest, SearchKeys) {
  for (const char* patient : {"A", "AB", "ABC", "B", "_x%"}) {
    add(patient, "1", "1", "1");
  }
  const std::string much(300, 'Z');
  add(much, "1", "1", "1");
  commit();
  const Snapshot view = snapshot();
  const auto range = [&](std::string_view from, std::optional<std::string_view> to) {
    std::string all;
    view.identifiers(Level::kPatient, dicom::kPatientId, from, to, [&](std::string_view value, ResourceId) {
      all.append(value).append(",");
      return true;
    });
    return all;
  };
  EXPECT_EQ(range("A", "A"), "A,");
  EXPECT_EQ(range("AB", "B"), "AB,ABC,B,");
  EXPECT_EQ(range("X", "X"), "X,");
  EXPECT_EQ(range("Y", std::nullopt), much.substr(0, kMaximumSearchValue) + ",");
  EXPECT_EQ(range(much, much), much.substr(0, kMaximumSearchValue) + ",");
  int found = 0;
  view.identifiers_with_prefix(Level::kStudy, dicom::kPatientName, "NAME^A",
                               [&](std::string_view, ResourceId) { return ++found > 0; });
  EXPECT_EQ(found, 3);
  view.identifiers_with_prefix(Level::kPatient, dicom::kPatientId, much,
                               [&](std::string_view, ResourceId) { return ++found > 0; });
  EXPECT_EQ(found, 4);
  EXPECT_TRUE(view.is_identifier(Level::kInstance, dicom::kSopInstanceUid));
  EXPECT_FALSE(view.is_identifier(Level::kInstance, dicom::kPatientId));
}

TEST_F(IndexTest, ReadersSeeTheirMoment) {
  add("A", "1", "1", "1");
  commit();
  const Snapshot before = snapshot();
  transaction.remove(*transaction.find(make_instance("A", "1", "1", "1").ids[0]));
  commit();
  EXPECT_EQ(before.totals().instances, 1u);
  EXPECT_TRUE(before.find(make_instance("A", "1", "1", "1").ids[3]));
  EXPECT_FALSE(snapshot().find(make_instance("A", "1", "1", "1").ids[3]));
}

TEST_F(IndexTest, DescendantsOverTwoLevels) {
  // Arriving in turns: neighbours in the order of creation belong to different series.
  const Resource first = add("A", "1", "s1", "1");
  add("A", "1", "s2", "2");
  add("A", "1", "s1", "3");
  add("A", "1", "s2", "4");
  commit();
  const Snapshot view = snapshot();
  const Resource study = view.ancestor(first, Level::kStudy);
  std::vector<PublicId> found;
  view.descendants(study, Level::kInstance, [&](ResourceId, const PublicId& id) {
    found.push_back(id);
    return found.size() < 3;
  });
  EXPECT_EQ(found, (std::vector<PublicId>{make_instance("A", "1", "s1", "1").ids[3],
                                          make_instance("A", "1", "s1", "3").ids[3],
                                          make_instance("A", "1", "s2", "2").ids[3]}));
  EXPECT_THROW(view.descendants(study, Level::kPatient, [](ResourceId, const PublicId&) { return true; }),
               Error);
  EXPECT_THROW(view.ancestor(study, Level::kSeries), Error);
}

TEST_F(IndexTest, GlobalProperties) {
  transaction.set_global_property("name", "value");
  commit();
  EXPECT_EQ(snapshot().global_property("name"), "value");
  EXPECT_EQ(snapshot().global_property("nam"), std::nullopt);
}

}  // namespace
}  // namespace hilum::index
