#include <gtest/gtest.h>
#include <hilum/dicom/uid.h>

#include <set>
#include <string>

namespace hilum::dicom {
namespace {

// PS3.5 section 9.1 and annex B.2: at most 64 characters, no leading zero.
bool is_of_a_uuid(const std::string& uid) {
  return uid.size() <= 64 && uid.compare(0, 5, "2.25.") == 0 && uid.size() > 5 && uid[5] != '0' &&
         uid.find_first_not_of("0123456789", 5) == std::string::npos;
}

TEST(Uid, NewOnesDiffer) {
  std::set<std::string> uids;
  for (int i = 0; i < 1000; ++i) {
    const std::string uid = new_uid();
    EXPECT_TRUE(is_of_a_uuid(uid)) << uid;
    uids.insert(uid);
  }
  EXPECT_EQ(uids.size(), 1000u);
}

TEST(Uid, NamesDecide) {
  EXPECT_EQ(name_based_uid("1.2.3"), name_based_uid("1.2.3"));
  EXPECT_NE(name_based_uid("1.2.3"), name_based_uid("1.2.4"));
  EXPECT_TRUE(is_of_a_uuid(name_based_uid("")));
  // Stored data depends on it: it never changes.
  EXPECT_EQ(name_based_uid("1.2.3"), "2.25.261189956532771381200532580925924401433");
}

}  // namespace
}  // namespace hilum::dicom
