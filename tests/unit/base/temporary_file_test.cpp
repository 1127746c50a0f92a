// Temporary files where O_TMPFILE is known, and where it is not.
#include "core/base/temporary_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <hilum/cpp/error.h>
#include <hilum/cpp/nameless_file.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace hilum {
namespace {

int refusal = 0;
int refuse(const char*, int, ...) {
  errno = refusal;
  return -1;
}

class TemporaryFileTest : public testing::Test {
 protected:
  TemporaryFileTest() : folder(testing::TempDir() + "hilum-temporary-XXXXXX") { ::mkdtemp(folder.data()); }
  ~TemporaryFileTest() override { std::filesystem::remove_all(folder); }
  void expect_nameless(int file) {
    ASSERT_GE(file, 0);
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    struct stat facts {};
    EXPECT_EQ(::fstat(file, &facts), 0);
    EXPECT_EQ(facts.st_nlink, 0u);
    EXPECT_EQ(facts.st_mode & 0777, 0600u);
    EXPECT_NE(::fcntl(file, F_GETFD) & FD_CLOEXEC, 0);
    char back[3] = {};
    EXPECT_EQ(::pwrite(file, "abc", 3, 0), 3);
    EXPECT_EQ(::pread(file, back, 3, 0), 3);
    EXPECT_EQ(std::string(back, 3), "abc");
  }
  std::string folder;
};

TEST_F(TemporaryFileTest, HasNoName) { expect_nameless(make_temporary_file(folder).get()); }

TEST_F(TemporaryFileTest, FileSystemsWithoutTheFlag) {
  for (const int error : {EOPNOTSUPP, EISDIR, ENOENT}) {
    refusal = error;
    const UniqueFd file(open_nameless_file(folder, refuse));
    expect_nameless(file.get());
  }
}

TEST_F(TemporaryFileTest, OtherErrorsAreTold) {
  refusal = ENOSPC;
  EXPECT_EQ(open_nameless_file(folder, refuse), -1);
  EXPECT_EQ(errno, ENOSPC);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  try {
    make_temporary_file(folder + "/missing");
    ADD_FAILURE() << "a file in no folder";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_CANNOT_WRITE);
    EXPECT_NE(error.details().find(folder + "/missing"), std::string::npos) << error.details();
  }
}

}  // namespace
}  // namespace hilum
