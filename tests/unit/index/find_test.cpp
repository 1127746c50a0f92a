// Searches (query.h, query_order.h) against a model that looks at everything, and the parts they are made of.
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <hilum/dicom/normalize.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "core/index/id_set.h"
#include "core/index/query.h"
#include "core/index/query_order.h"
#include "core/index/query_plan.h"
#include "index_fixture.h"

namespace hilum::index {
namespace {

using dicom::Matcher;

constexpr Tag kAdded = 0x00101020;  // PatientSize, as ExtraMainDicomTags may add it
constexpr int32_t kColor = 2000;

TEST(IdSet, WalksInOrderWithoutRepeating) {
  for (const size_t count : {size_t{0}, size_t{5}, size_t{70'000}, size_t{200'000}}) {
    IdSet set;
    std::set<ResourceId> model;
    std::mt19937_64 random(count);
    for (size_t i = 0; i < count; ++i) {
      const ResourceId id = random() % (3 * count) + 1;
      set.insert(id);
      model.insert(id);
    }
    for (const ResourceId from : {ResourceId{0}, ResourceId{count}, ResourceId{4 * count}}) {
      std::vector<ResourceId> walked;
      set.walk(from, [&](ResourceId id) {
        walked.push_back(id);
        return true;
      });
      EXPECT_EQ(walked, std::vector<ResourceId>(model.lower_bound(from), model.end()));
    }
    size_t visits = 0;
    set.walk(0, [&](ResourceId) { return ++visits < 3; });
    EXPECT_EQ(visits, std::min<size_t>(3, model.size()));
  }
}

// Whatever matches is among the entries of the walk: search values may say "perhaps" too often, never too seldom.
TEST(KeyWalk, MissesNothing) {
  const std::vector<std::string> letters = {"a", "A", "s", "ß", "é", "e\u0301", "E", "Σ", "ς",  "σ",
                                            "ı", "İ", "i", "K", "k", "\u212a",  "г", "Г", "한", "山",
                                            " ", " ", "_", "%", "^", "\x01",    "ŉ", "ﬁ"};
  std::mt19937 random(11);
  std::vector<std::string> few;  // so that queries match often
  const auto text = [&](bool with_wildcards) {
    std::string result;
    for (size_t i = random() % 5; i > 0; --i) {
      result += with_wildcards && random() % 3 == 0 ? (random() % 2 ? "*" : "?") : few[random() % few.size()];
    }
    return result;
  };
  size_t matched = 0;
  for (int i = 0; i < 300'000; ++i) {
    few = {" ", letters[random() % letters.size()], letters[random() % letters.size()]};
    const std::string value = text(false);
    std::string query = text(i % 2 == 0);
    if (i % 3 == 0) {
      query = i % 2 ? dicom::fold_case(value) : value + "\\" + query;
    }
    const Matcher matcher = i % 5 ? Matcher::for_rest(dicom::kPatientName, query, i % 7 == 0)
                                  : Matcher::compile(EVR_PN, query, i % 7 == 0);
    const std::optional<KeyWalk> walk = KeyWalk::of(matcher);
    if (walk && matcher.matches(value)) {
      ++matched;
      const std::string key = dicom::normalize_identifier(value);
      ASSERT_TRUE(walk->accepts(cut_search_value(key))) << query << " of " << value;
      ASSERT_EQ(key.rfind(dicom::normalize_identifier(matcher.prefix()), 0), 0u) << query << " of " << value;
    }
  }
  EXPECT_GT(matched, 50'000u);
}

// What is known of one resource: tags of its own level and above.
struct Item {
  PublicId id;
  std::map<Tag, std::string> tags;
  std::set<std::string> labels, modalities;
  std::optional<std::string> color;
  std::set<PublicId> parents;
};

class FindTest : public IndexTest {
 protected:
  static constexpr int kInstances = 3000;

  FindTest() {
    for (int i = 0; i < kInstances; ++i) {
      const int patient = pick(150), study = pick(3), series = pick(3);
      add_one(patient, study, series, i);
    }
    commit();
    for (const Level level : kLevels) {
      for (Item& item : items_[level]) {
        decorate(level, item);
      }
    }
    commit();
  }

  int pick(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

  void add_one(int patient, int study, int series, int instance) {
    const std::string uid = std::to_string(patient) + "." + std::to_string(study);
    NewInstance made = make_instance("P" + std::to_string(patient), uid, uid + "." + std::to_string(series),
                                     "9." + std::to_string(instance));
    made.tags[0] = {{dicom::kPatientName, patient % 2 ? "Ünal^" + std::to_string(patient) : "smith^x", false},
                    {dicom::kPatientId, "P" + std::to_string(patient), false}};
    made.tags[1] = {{dicom::kStudyDate, std::to_string(20200101 + patient % 28), false},
                    {dicom::kStudyInstanceUid, uid, false}};
    if (study == 1) {
      made.tags[1].insert(made.tags[1].begin() + 1, {dicom::kAccessionNumber, patient % 3 ? "A" : "", false});
    }
    made.tags[2][0].value = series == 0 ? "CT" : series == 1 ? "MR" : "";
    made.tags[3].push_back({dicom::kInstanceNumber, std::to_string(instance % 17), false});
    transaction.add_instance(made);

    const std::string modality = made.tags[2][0].value;
    std::map<Tag, std::string> tags;
    std::set<PublicId> parents;
    for (const Level level : kLevels) {
      const size_t slot = static_cast<size_t>(level) - 1;
      for (const dicom::TagValue& value : made.tags[slot]) {
        tags[value.tag] = value.value;
      }
      std::vector<Item>& items = items_[level];
      auto known = numbers_.find(made.ids[slot]);
      if (known == numbers_.end()) {
        known = numbers_.emplace(made.ids[slot], items.size()).first;
        items.push_back({made.ids[slot], tags, {}, {}, std::nullopt, parents});
      }
      if (level == Level::kStudy && !modality.empty()) {
        items[known->second].modalities.insert(modality);
      }
      parents.insert(made.ids[slot]);
    }
  }

  void decorate(Level level, Item& item) {
    const std::optional<Resource> resource = snapshot().find(item.id);
    ASSERT_TRUE(resource && resource->level == level);
    for (const char* label : {"rare", "common"}) {
      if (pick(label[0] == 'r' ? 20 : 2) == 0) {
        transaction.add_label(*resource, label);
        item.labels.insert(label);
      }
    }
    if (pick(5) == 0) {
      item.color = pick(2) ? "Red" : "blue";
      transaction.set_metadata(*resource, {kColor, 0, *item.color}, false);
    }
  }

  Query random_query() {
    Query query;
    query.level = kLevels[static_cast<size_t>(pick(4))];
    const std::vector<std::pair<Tag, std::vector<std::string>>> values = {
        {dicom::kPatientId, {"P1", "p1*", "P?", "P1\\P2\\nope", "*", "x"}},
        {dicom::kPatientName, {"ünal*", "Ü*", "*X", "SMITH^x", "?nal^1?"}},
        {dicom::kStudyDate,
         {"20200105", "20200110-20200112", "-20200103", "20200125-", "20200101\\20200102"}},
        {dicom::kAccessionNumber, {"*", "a", "A\\B"}},
        {dicom::kStudyInstanceUid, {"1.1", "1.1\\2.0\\3.2", "7"}},
        {dicom::kModality, {"ct", "M?", "*", "CT\\MR"}},
        {dicom::kSopInstanceUid, {"9.7", "9.1\\9.2\\9.2999"}},
        {dicom::kInstanceNumber, {"3", "1\\2"}}};
    for (int i = pick(3); i > 0; --i) {
      const auto& [tag, texts] = values[static_cast<size_t>(pick(static_cast<int>(values.size())))];
      query.constraints.push_back(
          {tag, Matcher::for_rest(tag, texts[static_cast<size_t>(pick(static_cast<int>(texts.size())))],
                                  pick(4) == 0)});
    }
    if (query.level == Level::kStudy && pick(3) == 0) {
      query.constraints.push_back(
          {kModalitiesInStudy, Matcher::for_rest(kModalitiesInStudy, pick(2) ? "m*" : "CT", false)});
    }
    for (const char* label : {"rare", "common", "nobody"}) {
      if (pick(8) == 0) query.labels.push_back(label);
    }
    query.label_rule = pick(3) == 0 ? LabelRule::kAny : LabelRule::kAll;
    if (pick(6) == 0) query.label_rule = LabelRule::kNone;
    if (pick(6) == 0) query.metadata.push_back({kColor, Matcher::for_rest(0x00081090, "r*", false)});
    if (pick(5) == 0) {
      const std::vector<Item>& above = items_[kLevels[static_cast<size_t>(pick(3))]];
      query.parents.push_back(above[static_cast<size_t>(pick(static_cast<int>(above.size())))].id);
    }
    return query;
  }

  static bool labels_match(const Query& query, const Item& item) {
    const auto has = [&](const std::string& label) { return item.labels.count(label) > 0; };
    if (query.label_rule == LabelRule::kNone && query.labels.empty()) return item.labels.empty();
    if (query.labels.empty()) return true;
    switch (query.label_rule) {
      case LabelRule::kAll:
        return std::all_of(query.labels.begin(), query.labels.end(), has);
      case LabelRule::kAny:
        return std::any_of(query.labels.begin(), query.labels.end(), has);
      default:
        return std::none_of(query.labels.begin(), query.labels.end(), has);
    }
  }

  static bool matches(const Query& query, const Item& item) {
    for (const Constraint& constraint : query.constraints) {
      if (constraint.tag == kModalitiesInStudy) {
        if (std::none_of(item.modalities.begin(), item.modalities.end(),
                         [&](const std::string& modality) { return constraint.matcher.matches(modality); })) {
          return false;
        }
        continue;
      }
      const auto value = item.tags.find(constraint.tag);
      if (value == item.tags.end() || !constraint.matcher.matches(value->second)) return false;
    }
    for (const MetadataConstraint& constraint : query.metadata) {
      if (!item.color || !constraint.matcher.matches(*item.color)) return false;
    }
    return labels_match(query, item) &&
           std::all_of(query.parents.begin(), query.parents.end(),
                       [&](const PublicId& id) { return item.parents.count(id) > 0; });
  }

  std::vector<PublicId> found(const Query& query) const {
    std::vector<PublicId> ids;
    const Snapshot view = snapshot();
    find(view, query, [&](const Found& match) {
      EXPECT_FALSE(match.is_doubtful());
      ids.push_back(match.public_id());
      return true;
    });
    return ids;
  }

  std::mt19937 random_{7};
  std::map<Level, std::vector<Item>> items_;  // in the order of creation
  std::map<PublicId, size_t> numbers_;
};

TEST_F(FindTest, AgreesWithTheModelOnAnyQuery) {
  size_t not_empty = 0;
  for (int round = 0; round < 400; ++round) {
    Query query = random_query();
    std::vector<PublicId> expected;
    for (const Item& item : items_[query.level]) {
      if (matches(query, item)) expected.push_back(item.id);
    }
    not_empty += expected.empty() ? 0 : 1;
    ASSERT_EQ(found(query), expected) << "round " << round;
    query.since = static_cast<uint64_t>(pick(5));
    query.limit = static_cast<uint64_t>(pick(5));
    const size_t begin = std::min<size_t>(query.since, expected.size());
    const size_t end = std::min<size_t>(begin + query.limit, expected.size());
    ASSERT_EQ(found(query), std::vector<PublicId>(expected.begin() + static_cast<ptrdiff_t>(begin),
                                                  expected.begin() + static_cast<ptrdiff_t>(end)))
        << "round " << round;
  }
  EXPECT_GT(not_empty, 150u);
}

TEST_F(FindTest, OrdersByTagsAndMetadata) {
  Query query;
  query.level = Level::kInstance;
  const auto number_of = [](const Item& item) { return std::stoi(item.tags.at(dicom::kInstanceNumber)); };
  std::vector<Item> expected = items_[Level::kInstance];
  std::stable_sort(expected.begin(), expected.end(), [&](const Item& a, const Item& b) {
    if (a.color.has_value() != b.color.has_value()) return a.color.has_value();
    if (a.color && *a.color != *b.color) return *a.color > *b.color;
    return number_of(a) < number_of(b);
  });
  Ordering by_color, by_number;
  by_color.metadata_key = kColor;
  by_color.descending = true;
  by_number.tag = dicom::kInstanceNumber;
  by_number.as = OrderAs::kInteger;
  const Snapshot view = snapshot();
  for (const uint64_t since : {0u, 5u, 2999u, 5000u}) {
    for (const uint64_t limit : {uint64_t{1}, uint64_t{40}, UINT64_MAX}) {
      query.since = since;
      query.limit = limit;
      size_t position = since;
      find_ordered(view, query, {by_color, by_number}, [&](const Found& match) {
        EXPECT_EQ(match.public_id(), expected[position].id) << position;
        ++position;
        return true;
      });
      EXPECT_EQ(position - since,
                since >= expected.size() ? 0 : std::min<uint64_t>(limit, expected.size() - since));
    }
  }
}

// What was stored before a tag was among the main tags may have it all the same.
// What must be kept to put matches in order is bounded; a limit makes it little.
TEST_F(FindTest, RefusesToOrderTooMuch) {
  Ordering by_number;
  by_number.tag = dicom::kInstanceNumber;
  const std::vector<Ordering> many(1000, by_number);  // some 40 KB for each match
  const Snapshot view = snapshot();
  Query query;
  query.level = Level::kInstance;
  const auto ignore = [](const Found&) { return true; };
  EXPECT_THROW(find_ordered(view, query, many, ignore), Error);
  query.limit = 100;
  EXPECT_NO_THROW(find_ordered(view, query, many, ignore));
}

TEST_F(FindTest, DoubtsResourcesThatAreOlderThanTheTag) {
  NewInstance newer = make_instance("N1", "1", "1.1", "1.1.1");
  newer.tags[1].insert(newer.tags[1].begin() + 1, {kAdded, "1.8", false});
  newer.parent_metadata[1] = {{15, 0, "0008,0020;0010,1020;0020,000d"}};
  transaction.add_instance(newer);
  NewInstance without = make_instance("N2", "2", "2.1", "2.1.1");
  without.parent_metadata[1] = newer.parent_metadata[1];
  transaction.add_instance(without);
  commit();
  Query query;
  query.level = Level::kStudy;
  query.constraints = {{kAdded, Matcher::for_rest(kAdded, "1.8", false), Level::kStudy}};
  EXPECT_EQ(found(query), std::vector<PublicId>{newer.ids[1]});
  query.with_doubtful = true;
  size_t certain = 0, doubtful = 0;
  const Snapshot view = snapshot();
  find(view, query, [&](const Found& match) {
    ++(match.is_doubtful() ? doubtful : certain);
    return true;
  });
  EXPECT_EQ(certain, 1u);
  EXPECT_EQ(doubtful, items_[Level::kStudy].size());
}

// A way in is chosen by how many resources of the queried level it leads to.
TEST_F(FindTest, TakesTheShortestWay) {
  const Snapshot view = snapshot();
  const auto count = [&](const Query& query) {
    const std::optional<Way> way = choose_way(view, query, {});
    size_t entries = 0;
    if (way) way->walk([&](ResourceId) { return ++entries > 0; }, [] { return true; });
    return way ? entries : SIZE_MAX;
  };
  Query query;
  query.level = Level::kInstance;
  EXPECT_EQ(count(query), SIZE_MAX);
  query.constraints = {{dicom::kPatientId, Matcher::for_rest(dicom::kPatientId, "*", false)},
                       {dicom::kSopInstanceUid, Matcher::for_rest(dicom::kSopInstanceUid, "9.5", false)}};
  EXPECT_EQ(count(query), 1u);
  query.constraints.pop_back();
  query.labels = {"nobody", "rare"};
  EXPECT_EQ(count(query), 0u);
}

// A pattern that may have to pass by all keys isn't followed to its end only to learn how much it would bring.
TEST_F(FindTest, LooksAtAFewKeysBeforeItChooses) {
  const Snapshot view = snapshot();
  Query query;
  query.level = Level::kInstance;
  query.constraints = {{dicom::kPatientName, Matcher::for_rest(dicom::kPatientName, "*l^5*", false)}};
  std::optional<Way> way = choose_way(view, query, {});
  ASSERT_TRUE(way);
  EXPECT_FALSE(way->is_long);
  const size_t expected = way->entries.size();
  EXPECT_GT(expected, 0u);

  way = choose_way(view, query, {}, 10);
  ASSERT_TRUE(way);
  EXPECT_TRUE(way->is_long);
  size_t entries = 0, looks = 0;
  way->visit([&](ResourceId) { return ++entries > 0; }, [&] { return ++looks > 0; });
  EXPECT_EQ(entries, expected);
  EXPECT_GE(looks, 100u);

  query.constraints.push_back(
      {dicom::kSopInstanceUid, Matcher::for_rest(dicom::kSopInstanceUid, "9.5\\9.6", false)});
  way = choose_way(view, query, {}, 10);
  ASSERT_TRUE(way);
  EXPECT_FALSE(way->is_long) << "the way that is known to be short";
  EXPECT_EQ(way->entries.size(), 2u);
}

// Whoever searches is asked whether to go on, also when nothing matches.
TEST_F(FindTest, EndsWhenNobodyWantsItAnyMore) {
  const Snapshot view = snapshot();
  for (const char* pattern : {"nope*nope", "*nope", "*"}) {
    for (const Tag tag : {dicom::kPatientName, dicom::kPatientId}) {
      Query query;
      query.level = Level::kInstance;
      query.constraints = {{tag, Matcher::for_rest(tag, pattern, false)},
                           {dicom::kPatientId, Matcher::for_rest(dicom::kPatientId, "*", false)}};
      query.metadata.push_back({kColor, Matcher::for_rest(0x00081090, "*", false)});
      size_t asked = 0, matches = 0;
      query.go_on = [&] { return ++asked < 2; };
      find(view, query, [&](const Found&) { return ++matches > 0; });
      EXPECT_LE(asked, 2u) << pattern;
      EXPECT_LT(matches, 256u) << pattern;
    }
  }
  Query query;
  query.level = Level::kInstance;
  query.go_on = []() -> bool { throw Error(HILUM_E_UNAVAILABLE); };
  EXPECT_THROW(find(view, query, [](const Found&) { return true; }), Error);
}

// PatientName added at the level of studies: the keys of patients say nothing about the names of their studies.
TEST_F(FindTest, FindsATagThatIsAddedBelowItsKeys) {
  NewInstance made = make_instance("OTHER", "70", "70.1", "70.1.1");
  made.tags[0] = {{dicom::kPatientName, "First", false}, {dicom::kPatientId, "OTHER", false}};
  made.tags[1] = {{dicom::kPatientName, "Second", false}, {dicom::kStudyInstanceUid, "70", false}};
  std::sort(made.tags[1].begin(), made.tags[1].end(),
            [](const dicom::TagValue& a, const dicom::TagValue& b) { return a.tag < b.tag; });
  transaction.add_instance(made);
  commit();
  Query query;
  query.level = Level::kStudy;
  query.constraints = {
      {dicom::kPatientName, Matcher::for_rest(dicom::kPatientName, "second", false), Level::kStudy}};
  EXPECT_EQ(found(query), std::vector<PublicId>{made.ids[1]});
}

}  // namespace
}  // namespace hilum::index
