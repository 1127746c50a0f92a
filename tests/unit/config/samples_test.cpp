// The configurations that people copy must load, say what they seem to say and contain no misspelt option.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/config/access.h"
#include "core/config/configuration.h"

namespace hilum::config {
namespace {

std::shared_ptr<Configuration> sample(const std::string& name) {
  const auto source_folder =
      std::filesystem::path(__FILE__).parent_path().parent_path().parent_path().parent_path();
  return Configuration::load({(source_folder / "samples" / "configurations" / name).string()});
}

TEST(Samples, WorkstationIsClosedToTheNetwork) {
  const auto configuration = sample("hilum.json");
  EXPECT_TRUE(configuration->warn_unknown().empty());
  EXPECT_FALSE(access_rules(*configuration).remote_access);
  EXPECT_TRUE(access_rules(*configuration).warnings.empty());
}

TEST(Samples, HospitalAsksForPasswords) {
  setenv("HILUM_ARCHIVE_PASSWORD", "one", 1);
  unsetenv("HILUM_VIEWER_PASSWORD");
  const auto configuration = sample("hospital.json");
  EXPECT_TRUE(configuration->warn_unknown().empty());
  const AccessRules rules = access_rules(*configuration);
  EXPECT_TRUE(rules.remote_access && rules.authentication && rules.secure);
  EXPECT_EQ((std::map<std::string, std::string>{{"archive", "one"}}), rules.users);
  EXPECT_EQ(1u, rules.warnings.size());  // the account of the viewer is closed
  EXPECT_TRUE(durable(*configuration));
}

TEST(Samples, LabIsFast) {
  const auto configuration = sample("fast-lab.json");
  EXPECT_TRUE(configuration->warn_unknown().empty());
  EXPECT_FALSE(durable(*configuration));
}

}  // namespace
}  // namespace hilum::config
