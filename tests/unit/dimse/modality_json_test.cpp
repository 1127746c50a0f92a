#include "core/dimse/modality_json.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include "core/dimse/modality_registry.h"
#include "tests/unit/ingest/fixture.h"

namespace hilum::dimse {
namespace {

int32_t error_of(const std::string& json) {
  try {
    read_modality_text(json);
    return 0;
  } catch (const Error& error) {
    return error.code();
  }
}

TEST(ModalityJson, BothFormsGoOutAsAnObject) {
  const std::string expected =
      R"({"AET":"PACS","AllowEcho":true,"AllowEventReport":true,"AllowFind":true,"AllowFindWorklist":true,)"
      R"("AllowGet":true,"AllowMove":true,"AllowNAction":true,"AllowStore":true,"AllowTranscoding":true,)"
      R"("Host":"10.0.0.7","LocalAet":"","Manufacturer":"GE","PermissiveStoreSopClasses":[],"Port":104,)"
      R"("RetrieveMethod":"C-GET","Timeout":0,"UseDicomTls":false})";
  EXPECT_EQ(write_modality(read_modality_text(R"(["PACS", "10.0.0.7", 104, "GE"])"), "C-GET"), expected);
  EXPECT_EQ(write_modality(read_modality_text(
                               R"({"AET":"PACS","Host":"10.0.0.7","Port":"104","Manufacturer":"GE","x":[]})"),
                           "C-GET"),
            expected);
}

TEST(ModalityJson, ReadsEveryMember) {
  const Modality modality = read_modality_text(
      R"({"AET":"A","Host":"h","Port":1,"AllowEcho":false,"AllowNAction":true,"AllowStorageCommitment":false,
          "AllowTranscoding":false,"UseDicomTls":true,"LocalAet":"ME","Timeout":7,"RetrieveMethod":"C-MOVE",
          "PermissiveStoreSopClasses":["1.2","1.3"],"Manufacturer":"SyngoVia"})");
  EXPECT_FALSE(modality.allow_echo);
  EXPECT_FALSE(modality.allow_n_action);  // the alias wins
  EXPECT_FALSE(modality.allow_event_report);
  EXPECT_FALSE(modality.allow_transcoding);
  EXPECT_TRUE(modality.use_tls);
  EXPECT_EQ(modality.local_aet, "ME");
  EXPECT_EQ(modality.timeout_s, 7u);
  EXPECT_EQ(modality.retrieve_method, "C-MOVE");
  EXPECT_EQ(modality.permissive_store_sop_classes, (std::vector<std::string>{"1.2", "1.3"}));
  EXPECT_EQ(modality.manufacturer, "GenericNoWildcardInDates");
}

TEST(ModalityJson, RefusesWhatIsNoModality) {
  for (const char* const json : {"",
                                 "[]",
                                 "[\"A\",\"h\"]",
                                 "[\"A\",\"h\",1,\"Generic\",2]",
                                 "[1,\"h\",1]",
                                 "\"A\"",
                                 "{",
                                 "17",
                                 "null",
                                 R"({"AET":"A","Host":"h"})",
                                 R"({"AET":"A","Host":"h","Port":true})",
                                 R"(["A","h","x"])",
                                 R"(["A","h",1.5])",
                                 R"(["A","",1])",
                                 R"(["A","a b",1])",
                                 R"(["","h",1])",
                                 R"(["A23456789012345 X","h",1])",
                                 R"(["A\\B","h",1])",
                                 R"({"AET":"A","Host":"h","Port":1,"AllowEcho":1})",
                                 R"({"AET":"A","Host":"h","Port":1,"Timeout":-1})",
                                 R"({"AET":"A","Host":"h","Port":1,"LocalAet":"\u0007"})",
                                 R"({"AET":"A","Host":"h","Port":1,"PermissiveStoreSopClasses":"1.2"})"}) {
    EXPECT_EQ(error_of(json), HILUM_E_BAD_FORMAT) << json;
  }
  EXPECT_EQ(error_of(std::string(100000, '[')), HILUM_E_BAD_FORMAT);
  for (const char* const json :
       {R"(["A","h",0])", R"(["A","h",65535])", R"(["A","h",-1])", R"(["A","h",1,"Nobody"])",
        R"({"AET":"A","Host":"h","Port":1,"Timeout":86401})",
        R"({"AET":"A","Host":"h","Port":1,"RetrieveMethod":"C-STORE"})"}) {
    EXPECT_EQ(error_of(json), HILUM_E_OUT_OF_RANGE) << json;
  }
}

Modality modality_of(const char* aet) {
  Modality modality;
  modality.aet = aet;
  modality.host = "localhost";
  return modality;
}

TEST(ModalityRegistry, KeepsChangesInTheDatabaseOnlyIfAsked) {
  ingest::testing::Archive archive;
  {
    ModalityRegistry in_memory(archive.ingest(), {{modality_of("CONFIGURED")}});
    EXPECT_EQ(in_memory.snapshot()->size(), 1u);
    in_memory.put("other", modality_of("OTHER"));
    EXPECT_EQ(in_memory.snapshot()->size(), 2u);
  }
  ModalityRegistry::Options options{{modality_of("CONFIGURED")}, true};
  {
    ModalityRegistry registry(archive.ingest(), options);
    EXPECT_TRUE(registry.snapshot()->empty());  // the configured ones are ignored
    registry.put("b", modality_of("B"));
    registry.put("a", modality_of("A"));
    registry.put("c", modality_of("C"));
    EXPECT_TRUE(registry.remove("c"));
    EXPECT_FALSE(registry.remove("c"));
  }
  const ModalityRegistry again(archive.ingest(), options);
  ASSERT_EQ(again.snapshot()->size(), 2u);
  EXPECT_EQ(again.snapshot()->at(0).name, "a");
  EXPECT_EQ(again.get("b").aet, "B");
  EXPECT_THROW(again.get("c"), Error);
}

TEST(ModalityRegistry, FindsTitlesByTheRule) {
  ingest::testing::Archive archive;
  ModalityRegistry registry(archive.ingest(), {});
  registry.put("one", modality_of("Pacs"));
  registry.put("two", modality_of("PACS"));
  EXPECT_EQ(registry.by_aet("pacs").size(), 2u);
  ModalityRegistry::Options strict;
  strict.strict_aet = true;
  ModalityRegistry exact(archive.ingest(), strict);
  exact.put("one", modality_of("Pacs"));
  EXPECT_TRUE(exact.by_aet("PACS").empty());
  for (const char* const name : {"", "a b", "a/b", "\xc3\xa9"}) {
    EXPECT_THROW(exact.put(name, modality_of("X")), Error) << name;
  }
}

}  // namespace
}  // namespace hilum::dimse
