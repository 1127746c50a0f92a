#include "core/config/configuration.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/files.h"
#include "core/base/uuid.h"
#include "core/config/access.h"

namespace hilum::config {
namespace {

// The error that `text` causes as a configuration file.
Error error_of(const std::string& text) {
  try {
    Configuration::parse(text, "conf/hilum.json");
  } catch (const Error& error) {
    return error;
  }
  return Error(0, 0, "no error", "");
}

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("hilum-config-" + Uuid::generate().text());
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string write(const std::string& name, const std::string& content) {
    write_file(folder_ / name, content);
    return folder_ / name;
  }
  std::filesystem::path folder_;
};

TEST(Environment, FormsOfTheReference) {
  setenv("HILUM_T", "value", 1);
  setenv("HILUM_EMPTY", "", 1);
  unsetenv("HILUM_UNSET");
  EXPECT_EQ("value", substitute_environment("${HILUM_T}"));
  EXPECT_EQ("AB", substitute_environment("A${HILUM_UNSET}B"));
  EXPECT_EQ("value", substitute_environment("${HILUM_T:-other}"));
  EXPECT_EQ("other", substitute_environment("${HILUM_UNSET:-other}"));
  EXPECT_EQ("", substitute_environment("${HILUM_EMPTY:-other}"));
  EXPECT_EQ("", substitute_environment("${HILUM_UNSET:-}"));
  EXPECT_EQ("x y", substitute_environment("${HILUM_UNSET:-'x'} ${HILUM_UNSET:-\"y\"}"));
  EXPECT_EQ("a:b", substitute_environment("${HILUM_UNSET:-a:b}"));
  for (const char* const untouched : {"$HILUM_T", "${HILUM_T", "${}", "${A B}", "${HILUM_T:x}", "$"}) {
    EXPECT_EQ(untouched, substitute_environment(untouched));
  }
}

TEST(Environment, WorksOnTheTextBeforeJson) {
  setenv("HILUM_PORT", "8123", 1);
  setenv("HILUM_KEY", "Name", 1);
  const auto configuration =
      Configuration::parse("{ \"HttpPort\": ${HILUM_PORT}, /* ${HILUM_PORT} */ \"${HILUM_KEY}\": \"x\" }");
  EXPECT_EQ(8123, configuration->get_int("HttpPort"));
  EXPECT_EQ("x", configuration->get_text("Name"));
  unsetenv("HILUM_UNSET");
  EXPECT_EQ(HILUM_E_BAD_JSON, error_of("{ \"Name\": ${HILUM_UNSET:-\"x\"} }").code());  // the quotes are gone
}

TEST(ConfigurationTest, DefaultsWithoutFiles) {
  const auto configuration = Configuration::load({});
  EXPECT_EQ(8042, configuration->get_int("HttpPort"));
  EXPECT_EQ(4242, configuration->get_int("DicomPort"));
  EXPECT_FALSE(configuration->get_bool("RemoteAccessAllowed"));
  EXPECT_FALSE(configuration->get_bool("ExecuteLuaEnabled"));
  EXPECT_FALSE(configuration->get_bool("RestApiWriteToFileSystemEnabled"));
  EXPECT_EQ("HilumStorage", configuration->get_path("StorageDirectory"));
  EXPECT_EQ("HilumStorage", configuration->get_path("IndexDirectory"));
  EXPECT_EQ(std::vector<std::string>{"1.2.840.10008.1.*"},
            configuration->get_list("AcceptedTransferSyntaxes"));
  EXPECT_TRUE(configuration->section("DicomModalities").empty());
  EXPECT_EQ("Never", configuration->get_text("OverwriteInstances"));
  EXPECT_EQ("{}", configuration->json());
  EXPECT_TRUE(durable(*configuration));
}

TEST(ConfigurationTest, EveryDefaultIsValid) {
  for (const OptionInfo& option : builtin_options()) {
    EXPECT_FALSE(option.documentation.empty()) << option.name;
    if (option.default_json == "null" || option.name.find('.') != std::string::npos) {
      continue;
    }
    EXPECT_NO_THROW(Configuration::parse("{\"" + option.name + "\": " + option.default_json + "}"))
        << option.name;
  }
}

TEST(ConfigurationTest, CommentsTrailingCommasAndByteOrderMark) {
  const auto configuration = Configuration::parse(
      "\xef\xbb\xbf// first\n{ /* a */ \"HttpPort\": 1, \"LuaScripts\": [\"a\",], } // end\n");
  EXPECT_EQ(1, configuration->get_int("HttpPort"));
  EXPECT_EQ(R"({"HttpPort":1,"LuaScripts":["a"]})", configuration->json());
}

TEST(ConfigurationTest, BrokenJsonIsToldWithLineAndColumn) {
  const Error error = error_of("{\n  \"HttpPort\": 8042\n  \"Name\": \"x\"\n}");
  EXPECT_EQ(HILUM_E_BAD_JSON, error.code());
  EXPECT_EQ(0u, error.details().find("conf/hilum.json, line 3, column 3: ")) << error.details();
  for (const char* const bad : {"[]", "3", "", "# x\n{}", "{} {}", "{\"a\": 'b'}", "{\"a\": nan}"}) {
    EXPECT_EQ(HILUM_E_BAD_JSON, error_of(bad).code()) << bad;
  }
  EXPECT_EQ(HILUM_E_BAD_JSON, error_of("{\"a\":" + std::string(100000, '[')).code());
}

TEST(ConfigurationTest, TypesAreStrict) {
  const Error error = error_of("{\n\n\"HttpPort\": \"8042\"}");
  EXPECT_EQ(HILUM_E_BAD_TYPE, error.code());
  EXPECT_EQ(
      "option \"HttpPort\" (conf/hilum.json, line 3): expected an integer from 1 to 65535, found \"8042\" (a "
      "text)",
      error.details());
  for (const char* const bad : {"{\"HttpPort\": 8122.0}", "{\"KeepAlive\": 1}", "{\"Name\": 3}",
                                "{\"LuaScripts\": \"a\"}", "{\"Plugins\": [3]}", "{\"DicomModalities\": []}",
                                "{\"OverwriteInstances\": 1}", "{\"StableAge\": 99999999999999999999}"}) {
    EXPECT_EQ(HILUM_E_BAD_TYPE, error_of(bad).code()) << bad;
  }
}

TEST(ConfigurationTest, RangesAndChoices) {
  for (const char* const bad : {"{\"HttpPort\": 0}", "{\"HttpPort\": 70000}", "{\"StableAge\": -1}",
                                "{\"MaximumPduLength\": 4095}", "{\"DefaultEncoding\": \"Klingon\"}",
                                "{\"DicomThreadsCount\": 0}", "{\"OverwriteInstances\": \"Perhaps\"}",
                                "{\"CheckRevisions\": true, \"StoreMD5ForAttachments\": false}"}) {
    EXPECT_EQ(HILUM_E_OUT_OF_RANGE, error_of(bad).code()) << bad;
  }
  // Not a plaintext listener instead.
  EXPECT_EQ(HILUM_E_OUT_OF_RANGE, error_of("{\"DicomTlsEnabled\": true}").code());
  const std::string with_pair =
      "{\"DicomTlsEnabled\": true, \"DicomTlsCertificate\": \"a\", \"DicomTlsPrivateKey\": \"b\"";
  EXPECT_NE(std::string::npos, error_of(with_pair + "}").details().find("DicomTlsTrustedCertificates"));
  EXPECT_TRUE(Configuration::parse(with_pair + ", \"DicomTlsRemoteCertificateRequired\": false}")
                  ->get_bool("DicomTlsEnabled"));
  EXPECT_EQ(HILUM_E_BAD_AET, error_of("{\"DicomAet\": \"\"}").code());
  EXPECT_EQ(HILUM_E_BAD_AET, error_of("{\"DicomAet\": \"12345678901234567\"}").code());
  EXPECT_EQ("Utf8", Configuration::parse("{\"DefaultEncoding\": \"utf8\"}")->get_text("DefaultEncoding"));
  EXPECT_EQ("Always", Configuration::parse("{\"OverwriteInstances\": true}")->get_text("OverwriteInstances"));
  EXPECT_EQ("IfChanged",
            Configuration::parse("{\"OverwriteInstances\": \"IfChanged\"}")->get_text("OverwriteInstances"));
}

TEST(ConfigurationTest, PasswordsDoNotGetIntoMessages) {
  const Error error = error_of("{\"HttpTimeout\": {\"secret\": \"hunter2\"}}");
  EXPECT_EQ(std::string::npos, error.details().find("hunter2")) << error.details();
}

TEST(ConfigurationTest, NullAndAbsentAreNotSet) {
  const auto configuration =
      Configuration::parse("{\"HttpPort\": null, \"JpegTransferSyntaxAccepted\": false}");
  EXPECT_FALSE(configuration->is_set("HttpPort"));
  EXPECT_EQ(8042, configuration->get_int("HttpPort"));
  EXPECT_TRUE(configuration->is_set("JpegTransferSyntaxAccepted"));
  EXPECT_FALSE(configuration->get_bool("JpegTransferSyntaxAccepted"));
  EXPECT_FALSE(configuration->is_set("RleTransferSyntaxAccepted"));
  EXPECT_THROW(configuration->get_bool("RleTransferSyntaxAccepted"), Error);
}

TEST(ConfigurationTest, MistakesOfCallersAreErrors) {
  const auto configuration = Configuration::load({});
  EXPECT_THROW(configuration->get_int("NoSuchOption"), Error);
  EXPECT_THROW(configuration->get_int("Name"), Error);
}

TEST(ConfigurationTest, LastOfTwoEqualKeysCounts) {
  EXPECT_EQ(2, Configuration::parse("{\"HttpPort\": 1, \"HttpPort\": 2}")->get_int("HttpPort"));
}

TEST(ConfigurationTest, OtherSpellings) {
  EXPECT_EQ(std::vector<std::string>{"1.2"},
            Configuration::parse("{\"RejectSopClasses\": [\"1.2\"]}")->get_list("RejectedSopClasses"));
  EXPECT_EQ(std::vector<std::string>{"2"},
            Configuration::parse("{\"RejectSopClasses\": [\"1\"], \"RejectedSopClasses\": [\"2\"]}")
                ->get_list("RejectedSopClasses"));
  EXPECT_FALSE(durable(*Configuration::parse("{\"SyncStorageArea\": false}")));
  EXPECT_TRUE(durable(*Configuration::parse("{\"SyncStorageArea\": false, \"Durability\": \"full\"}")));
}

TEST(ConfigurationTest, PathsFollowTheFile) {
  const auto configuration = Configuration::parse(
      "{\"StorageDirectory\": \"data\", \"Plugins\": [\"../p.so\", \"/q.so\"],"
      " \"DicomTlsCertificate\": \"cert.pem\", \"HttpsCACertificates\": \"\"}",
      "/etc/hilum/a.json");
  EXPECT_EQ("/etc/hilum/data", configuration->get_path("StorageDirectory"));
  EXPECT_EQ("/etc/hilum/data", configuration->get_path("IndexDirectory"));
  EXPECT_EQ((std::vector<std::string>{"/etc/p.so", "/q.so"}), configuration->get_paths("Plugins"));
  EXPECT_EQ("cert.pem", configuration->get_path("DicomTlsCertificate"));
  EXPECT_EQ("", configuration->get_path("HttpsCACertificates"));
  EXPECT_EQ("/etc/hilum/certificate.pem", configuration->get_path("SslCertificate"));
}

TEST(ConfigurationTest, UnknownOptionsGetAHint) {
  const auto configuration = Configuration::parse(
      "{\n\"HttpPorts\": 1,\n\"remoteaccessallowed\": true,\n\"Zebra\": 1,\n\"DicomWeb\": {},\n"
      "\"_comment\": \"x\",\n\"Worklists\": {\"Enabled\": true}}");
  const auto warnings = configuration->warn_unknown();
  const std::vector<std::string> expected = {
      "option \"DicomWeb\" (hilum.json, line 5): no plugin reads it",
      "option \"HttpPorts\" (hilum.json, line 2) is unknown and ignored; did you mean \"HttpPort\"?",
      "option \"Worklists.Enabled\" (hilum.json, line 7) is unknown and ignored; did you mean "
      "\"Worklists.Enable\"?",
      "option \"Zebra\" (hilum.json, line 4) is unknown and ignored",
      "option \"remoteaccessallowed\" (hilum.json, line 3) is unknown and ignored; did you mean "
      "\"RemoteAccessAllowed\"?"};
  EXPECT_EQ(expected, warnings);
}

TEST(ConfigurationTest, PluginsDeclareTheirOptions) {
  const auto configuration = Configuration::parse(
      "{\"Zoo\": {\"Animals\": 3}, \"DicomWeb\": {}, \"LuaScripts\": [\"a.lua\"], \"SaveJobs\": true}");
  OptionInfo animals;
  animals.name = "Zoo.Animals";
  animals.type = OptionType::kInt;
  animals.owner = "zoo";
  animals.default_json = "1";
  configuration->declare(animals);
  configuration->declare(animals);
  EXPECT_EQ(3, configuration->get_int("Zoo.Animals"));
  OptionInfo web;
  web.name = "DicomWeb";
  web.type = OptionType::kSection;
  configuration->declare(web);
  EXPECT_TRUE(configuration->warn_unknown().empty());
  // Neither lua nor jobs runs; but SaveJobs has its default, so nobody misses anything.
  EXPECT_EQ(
      std::vector<std::string>{
          "option \"LuaScripts\" (hilum.json, line 1) is read by the plugin \"lua\", which "
          "does not run"},
      configuration->warn_unknown(std::vector<std::string>{"zoo"}));

  animals.type = OptionType::kBool;
  EXPECT_THROW(configuration->declare(animals), Error);
  OptionInfo wrong;
  wrong.name = "Zoo";
  wrong.type = OptionType::kText;
  EXPECT_THROW(configuration->declare(wrong), Error);
}

TEST_F(Folder, LoadsEveryJsonFileAndNothingElse) {
  write("a.json", "{\"HttpPort\": 1}");
  write("b.JSON", "{\"DicomPort\": 2}");
  write("c.txt", "not json");
  std::filesystem::create_directory(folder_ / "sub");
  write("sub/d.json", "{\"Name\": \"deep\"}");
  const auto configuration = Configuration::load({folder_});
  EXPECT_EQ(1, configuration->get_int("HttpPort"));
  EXPECT_EQ(2, configuration->get_int("DicomPort"));
  EXPECT_FALSE(configuration->is_set("Name"));
  EXPECT_EQ(2u, configuration->files().size());
  EXPECT_EQ((folder_ / "HilumStorage").string(), configuration->get_path("StorageDirectory"));
}

TEST_F(Folder, SameOptionInTwoFilesIsAnError) {
  const std::string a = write("a.json", "{\"DicomModalities\": {}}");
  const std::string b = write("b.json", "{\"DicomModalities\": {}}");
  try {
    Configuration::load({a, b});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(HILUM_E_BAD_FORMAT, error.code());
    EXPECT_NE(std::string::npos, error.details().find(a));
    EXPECT_NE(std::string::npos, error.details().find(b));
  }
}

TEST_F(Folder, MissingPath) {
  try {
    Configuration::load({folder_ / "none.json"});
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(HILUM_E_INEXISTENT_FILE, error.code());
  }
}

TEST_F(Folder, NoticesUsableChanges) {
  const std::string file = write("a.json", "{\"HttpPort\": 1}");
  const auto configuration = Configuration::load({folder_});
  EXPECT_FALSE(configuration->changed_on_disk());
  write("a.json", "{\"HttpPort\": 2}");
  EXPECT_TRUE(configuration->changed_on_disk());
  write("a.json", "{\"HttpPort\": oops}");
  EXPECT_FALSE(configuration->changed_on_disk());
  write("a.json", "{\"HttpPort\": 1}");
  write("b.json", "{}");
  EXPECT_TRUE(configuration->changed_on_disk());
  EXPECT_EQ(1, configuration->get_int("HttpPort"));
}

TEST_F(Folder, FilesWrittenByOrthancAreAccepted) {
  if (std::system("command -v Orthanc >/dev/null 2>&1") != 0) {
    GTEST_SKIP() << "Orthanc is not installed";
  }
  const std::string file = folder_ / "orthanc.json";
  ASSERT_EQ(0, std::system(("Orthanc --config=" + file + " >/dev/null 2>&1").c_str()));
  const auto configuration = Configuration::load({file});
  EXPECT_EQ("ORTHANC", configuration->get_text("DicomAet"));
  for (const std::string& warning : configuration->warn_unknown()) {
    EXPECT_NE(std::string::npos, warning.find("has no effect")) << warning;
  }
}

TEST_F(Folder, DocumentedDefaultsAreTheDefaults) {
  const auto configuration = Configuration::load({write("all.json", documented_configuration())});
  EXPECT_TRUE(configuration->warn_unknown().empty());
  for (const OptionInfo& option : builtin_options()) {
    const bool written = option.default_json != "null" && option.default_from.empty() &&
                         option.status != OptionStatus::kRenamed;
    EXPECT_EQ(written, configuration->is_set(option.name)) << option.name;
  }
}

TEST(Access, ClosedByDefault) {
  const AccessRules rules = access_rules(*Configuration::load({}));
  EXPECT_FALSE(rules.remote_access);
  EXPECT_FALSE(rules.authentication);
  EXPECT_TRUE(rules.secure);
  EXPECT_TRUE(rules.users.empty());
  EXPECT_TRUE(rules.warnings.empty());
}

TEST(Access, RemoteAccessWithoutAccountsLocksOut) {
  for (const char* const text :
       {"{\"RemoteAccessAllowed\": true}", "{\"RemoteAccessAllowed\": true, \"RegisteredUsers\": {}}",
        "{\"RemoteAccessAllowed\": true, \"RegisteredUsers\": {\"alice\": \"${HILUM_UNSET}\"}}"}) {
    const AccessRules rules = access_rules(*Configuration::parse(text));
    EXPECT_TRUE(rules.authentication);
    EXPECT_TRUE(rules.users.empty()) << text;
    EXPECT_NE(std::string::npos, rules.warnings.at(rules.warnings.size() - 2).find("nobody can log in"))
        << text;
  }
}

TEST(Access, OpenToAllIsToldToBeInsecure) {
  const AccessRules rules = access_rules(
      *Configuration::parse("{\"RemoteAccessAllowed\": true, \"AuthenticationEnabled\": false}"));
  EXPECT_FALSE(rules.authentication);
  EXPECT_FALSE(rules.secure);
  EXPECT_FALSE(rules.warnings.empty());
}

TEST(Access, AccountsAreChecked) {
  const AccessRules rules = access_rules(*Configuration::parse(
      "{\"RemoteAccessAllowed\": true, \"SslEnabled\": true, \"RegisteredUsers\": {\"a\": \"b:c\"}}"));
  EXPECT_EQ((std::map<std::string, std::string>{{"a", "b:c"}}), rules.users);
  EXPECT_TRUE(rules.warnings.empty());
  EXPECT_EQ(HILUM_E_BAD_FORMAT, error_of("{\"RegisteredUsers\": {\"a:b\": \"c\"}}").code());
  EXPECT_EQ(HILUM_E_BAD_FORMAT, error_of("{\"RegisteredUsers\": {\"a\": 3}}").code());
}

}  // namespace
}  // namespace hilum::config
