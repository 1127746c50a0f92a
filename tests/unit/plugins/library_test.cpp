#include "core/plugins/library.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <cstring>

namespace hilum::plugins {
namespace {

int32_t start(const hilum_host*, void**) { return HILUM_OK; }

hilum_plugin valid() {
  return {sizeof(hilum_plugin),
          HILUM_ABI_MAJOR,
          HILUM_ABI_MINOR,
          "valid-1_x",
          "1.0",
          "Valid",
          nullptr,
          nullptr,
          nullptr,
          &start,
          nullptr,
          nullptr,
          nullptr};
}

std::string refusal(const void* entry, uint64_t available) {
  try {
    Descriptor descriptor;
    read_descriptor(entry, available, descriptor);
    return "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_SHARED_LIBRARY);
    return error.details();
  }
}
std::string refusal(const hilum_plugin& plugin) { return refusal(&plugin, sizeof plugin); }

TEST(DescriptorTest, IsCopied) {
  const char* const required[] = {"x/1", "y/2", nullptr};
  hilum_plugin plugin = valid();
  plugin.required = required;
  Descriptor descriptor;
  read_descriptor(&plugin, sizeof plugin, descriptor);
  EXPECT_EQ(descriptor.name, "valid-1_x");
  EXPECT_EQ(descriptor.version, "1.0");
  EXPECT_EQ(descriptor.required, (std::vector<std::string>{"x/1", "y/2"}));
  EXPECT_TRUE(descriptor.provided.empty());
  EXPECT_EQ(descriptor.start, &start);
}

TEST(DescriptorTest, WhatCouldBeReadOfARefusedOneIsKept) {
  hilum_plugin without_start = valid();
  without_start.start = nullptr;
  hilum_plugin of_tomorrow = valid();
  of_tomorrow.abi_minor = HILUM_ABI_MINOR + 1;
  for (const hilum_plugin& plugin : {without_start, of_tomorrow}) {
    Descriptor descriptor;
    EXPECT_THROW(read_descriptor(&plugin, sizeof plugin, descriptor), Error);
    EXPECT_EQ(descriptor.version, "1.0");
    EXPECT_EQ(descriptor.description, "Valid");
  }
}

TEST(DescriptorTest, OneThatHasGrownIsAccepted) {
  struct Longer {
    hilum_plugin plugin;
    const void* more;
  } longer = {valid(), nullptr};
  longer.plugin.size = sizeof longer;
  EXPECT_EQ(refusal(&longer, sizeof longer), "accepted");
}

TEST(DescriptorTest, WhatCannotBeTrueIsRefused) {
  hilum_plugin plugin = valid();
  EXPECT_EQ(refusal(&plugin, 8), "its hilum_plugin_entry is not a plugin descriptor");
  EXPECT_NE(refusal(&plugin, sizeof plugin - 1).find("the size in its hilum_plugin_entry"),
            std::string::npos);
  plugin.size = 16;
  EXPECT_NE(refusal(plugin).find("the size in its hilum_plugin_entry is 16"), std::string::npos);
  plugin = valid();
  plugin.abi_major = HILUM_ABI_MAJOR + 1;
  plugin.size = 4;  // the layout of another major ABI is not this one's business
  EXPECT_EQ(refusal(plugin), "it is built for plugin ABI 2.0, this server has 1.0");
  for (const char* name : {"", "Upper", "with blank", "sl/ash"}) {
    plugin = valid();
    plugin.name = name;
    EXPECT_NE(refusal(plugin).find("its name must have"), std::string::npos) << name;
  }
  plugin = valid();
  plugin.name = nullptr;
  EXPECT_NE(refusal(plugin).find("its name must have"), std::string::npos);
  const std::string long_name(65, 'a');
  plugin.name = long_name.c_str();
  EXPECT_NE(refusal(plugin).find("longer than 64"), std::string::npos);
  plugin = valid();
  plugin.start = nullptr;
  EXPECT_NE(refusal(plugin).find("no function start"), std::string::npos);
  plugin = valid();
  const char* const provided[] = {"x/1", nullptr};
  plugin.provided = provided;
  EXPECT_NE(refusal(plugin).find("no function service"), std::string::npos);
}

}  // namespace
}  // namespace hilum::plugins
