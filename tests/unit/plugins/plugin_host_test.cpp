#include "core/plugins/plugin_host.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/config/configuration.h"
#include "core/events/events.h"
#include "core/http/dispatcher.h"
#include "core/index/leveldb_store.h"
#include "core/ingest/ingest.h"
#include "core/storage/segment_store.h"

namespace hilum::plugins {
namespace {

namespace fs = std::filesystem;

std::string fixture(const std::string& name) { return std::string(HILUM_FIXTURES) + "/" + name + ".so"; }

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "hilum-plugins-XXXXXX").string();
    if (!mkdtemp(name.data())) {
      throw std::runtime_error("mkdtemp");
    }
    path = name;
  }
  ~TemporaryFolder() { fs::remove_all(path); }
  fs::path path;
};

// A whole server but for its sockets.
class PluginHostTest : public testing::Test {
 protected:
  struct Server {
    Server(const fs::path& folder, const std::string& json)
        : configuration(config::Configuration::parse(json)),
          store(index::LevelDbStore::open((folder / "index").string())),
          blobs((folder / "blobs").string(), {}, *store),
          ingest(*store, blobs, events, {}),
          dispatcher({}, router),
          plugins({configuration, ingest, events, router, dispatcher}) {}
    ~Server() {
      events.stop(1000);
      plugins.stop_all();
      ingest.stop();
    }
    std::shared_ptr<config::Configuration> configuration;
    std::unique_ptr<index::LevelDbStore> store;
    events::EventBus events;
    storage::SegmentStore blobs;
    ingest::Ingest ingest;
    http::Router router;
    http::Dispatcher dispatcher;
    PluginHost plugins;
  };

  Server& make(const std::string& json = "{}") {
    server_.reset();
    fs::create_directories(folder_.path / "blobs");
    server_ = std::make_unique<Server>(folder_.path, json);
    return *server_;
  }
  // Not required, so that refusals can be looked at.
  Server& run(const std::vector<std::string>& files) {
    Server& server = make(R"({"PluginsRequired": false})");
    server.plugins.load(files);
    server.plugins.start_all();
    return server;
  }
  std::map<std::string, PluginInfo> infos() const {
    std::map<std::string, PluginInfo> result;
    for (const PluginInfo& info : server_->plugins.plugins()) {
      result.emplace(info.name, info);
    }
    return result;
  }
  void expect_refused(const std::string& name, const std::string& reason) const {
    const auto all = infos();
    ASSERT_TRUE(all.count(name)) << name;
    EXPECT_EQ(all.at(name).state, PluginState::kRefused) << name;
    EXPECT_NE(all.at(name).reason.find(reason), std::string::npos) << name << ": " << all.at(name).reason;
  }
  PluginState state(const std::string& name) const { return infos().at(name).state; }

  struct Got {
    int status;
    std::string body;
  };
  // As a client would, through authentication and filters.
  Got get(const std::string& target) const {
    http::Request request;
    request.target = target;
    request.remote_address = "127.0.0.1";
    const auto refusal = server_->dispatcher.admit("GET", request);
    if (refusal) {
      return {refusal->head.status, refusal->body};
    }
    http::CapturedAnswer answer;
    server_->dispatcher.run(request, answer);
    return {answer.status(), answer.body()};
  }

  TemporaryFolder folder_;
  std::unique_ptr<Server> server_;
};

TEST_F(PluginHostTest, RefusesWhatIsNoPlugin) {
  const fs::path folder = folder_.path / "plugins";
  fs::create_directories(folder);
  std::ofstream(folder / "text.so") << std::string(100, 'x');
  std::ofstream(folder / "empty.so");
  std::ofstream(folder / "readme.txt") << "not looked at";
  fs::copy_file(fixture("z_provider"), folder / "cut.so");
  fs::resize_file(folder / "cut.so", fs::file_size(folder / "cut.so") / 3);
  for (const char* name :
       {"no_entry", "function_entry", "newer_major", "newer_minor", "bad_name", "z_provider"}) {
    fs::copy_file(fixture(name), folder / (std::string(name) + ".so"));
  }
  Server& server = make();  // in a folder, nothing is required
  server.plugins.load({folder.string()});
  server.plugins.start_all();
  expect_refused("text", "it cannot be loaded: ");
  expect_refused("text", "invalid ELF header");
  expect_refused("empty", "file too short");
  expect_refused("cut", "it is truncated: ");
  expect_refused("no_entry", "it has no symbol hilum_plugin_entry, so it is no plugin");
  expect_refused("function_entry", "is not a plugin descriptor");
  expect_refused("newer_major", "it is built for plugin ABI 2.0, this server has 1.0");
  expect_refused("newer_minor", "it is built for plugin ABI 1.1, this server has 1.0");
  expect_refused("bad_name", "its name must have 1 to 64 characters");
  EXPECT_EQ(state("z-provider"), PluginState::kRunning);
  EXPECT_EQ(server.plugins.plugins().size(), 9u);
  EXPECT_EQ(server.plugins.running_names(), std::vector<std::string>{"z-provider"});
}

TEST_F(PluginHostTest, RefusesWhatCannotStart) {
  run({fixture("throws_in_start"), fixture("fails_in_start"), fixture("lacks_service"), fixture("cycle_a"),
       fixture("cycle_b"), fixture("z_provider")});
  expect_refused("throws-in-start", "exception out of start: no luck today");
  expect_refused("fails-in-start", "the moon is not full");
  expect_refused("lacks-service", "requires org.example.absent/1, which no plugin provides");
  expect_refused("cycle-a", "plugins that require each other: cycle-a -> cycle-b -> cycle-a");
  expect_refused("cycle-b", "plugins that require each other: cycle-a -> cycle-b -> cycle-a");
  EXPECT_EQ(state("z-provider"), PluginState::kRunning);
  EXPECT_EQ(get("/left-behind").status, 404);
  EXPECT_TRUE(server_->router.routes().empty());
}

TEST_F(PluginHostTest, NamedPluginsAreRequired) {
  Server& server = make();
  server.plugins.load({fixture("z_provider"), fixture("throws_in_start")});
  try {
    server.plugins.start_all();
    FAIL() << "started";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_SHARED_LIBRARY);
    EXPECT_NE(error.details().find("throws_in_start.so, which the configuration names"), std::string::npos);
    EXPECT_NE(error.details().find("no luck today"), std::string::npos);
  }
  Server& other = make();
  EXPECT_THROW(other.plugins.load({fixture("does-not-exist")}), Error);
}

TEST_F(PluginHostTest, OneNameOnePlugin) {
  const fs::path copy = folder_.path / "another.so";
  fs::copy_file(fixture("z_provider"), copy);
  run({fixture("z_provider"), fixture("z_provider"), copy.string()});
  const std::vector<PluginInfo> all = server_->plugins.plugins();
  ASSERT_EQ(all.size(), 2u);  // the same file twice counts once
  EXPECT_EQ(all[0].state, PluginState::kRunning);
  EXPECT_EQ(all[1].state, PluginState::kRefused);
  EXPECT_NE(all[1].reason.find("the name z-provider is taken by"), std::string::npos);
}

TEST_F(PluginHostTest, ServicesOrderTheStarts) {
  run({fixture("a_consumer"), fixture("a_wanting"), fixture("z_provider")});
  EXPECT_EQ(get("/greeting-consumer").body, "good morning");
  EXPECT_EQ(get("/greeting-wanting").body, "good morning");
  server_->plugins.stop_all();  // the fixtures abort if the provider stops before them
  EXPECT_EQ(state("z-provider"), PluginState::kStopped);
  EXPECT_EQ(get("/greeting-consumer").status, 404);

  run({fixture("a_consumer"), fixture("a_wanting")});
  expect_refused("a-consumer", "requires org.example.greeting/1, which no plugin provides");
  EXPECT_EQ(get("/greeting-wanting").body, "nobody greets");
}

TEST_F(PluginHostTest, HandlersCannotHarm) {
  run({fixture("throws_in_handler")});
  EXPECT_EQ(get("/fixture/fine").body, "fine");
  EXPECT_EQ(get("/fixture/nothing").status, 404);
  Got got = get("/fixture/std");
  EXPECT_EQ(got.status, 500);
  EXPECT_NE(got.body.find(
                "plugin throws-in-handler: exception out of handler of GET /fixture/std: a handler gave up"),
            std::string::npos)
      << got.body;
  EXPECT_NE(get("/fixture/int").body.find("an exception of unknown type"), std::string::npos);
  got = get("/fixture/unknown");
  EXPECT_EQ(got.status, 500);
  EXPECT_NE(got.body.find("returned the unknown status 77777"), std::string::npos) << got.body;
  EXPECT_EQ(get("/fixture/plain").status, 404);
  got = get("/fixture/details");
  EXPECT_EQ(got.status, 422);
  EXPECT_NE(got.body.find("Own message"), std::string::npos);
  EXPECT_NE(got.body.find("own details"), std::string::npos);
  const PluginInfo info = infos().at("throws-in-handler");
  EXPECT_EQ(info.state, PluginState::kRunning);
  EXPECT_GE(info.calls, 7u);
  EXPECT_EQ(info.errors, 3u);  // two exceptions and an unknown status
}

TEST_F(PluginHostTest, HostFunctionsAnswerWithStatuses) {
  run({fixture("throws_in_handler")});
  EXPECT_NE(get("/fixture/late").body.find("only inside of the plugin's start"), std::string::npos);
  EXPECT_EQ(get("/late").status, 404);
  EXPECT_EQ(get("/fixture/header").status, 400);
  const Got got = get("/fixture/host");
  EXPECT_EQ(got.status, 404);
  EXPECT_NE(got.body.find("option NoSuchOption is not set"), std::string::npos) << got.body;
  EXPECT_EQ(get("/fixture/nest").status,
            503);  // the innermost call is refused, each outer one passes that on
  EXPECT_EQ(get("/fixture/fine").status, 200);  // and the depth is counted down again
  EXPECT_NE(get("/fixture/sink").body.find("exception out of a sink"), std::string::npos);
}

TEST_F(PluginHostTest, FiltersAndListeners) {
  Server& server = run({fixture("throws_in_handler")});
  EXPECT_EQ(get("/fixture/forbidden").status, 403);
  EXPECT_EQ(get("/fixture/filterthrow").status, 500);
  index::Change change;
  change.type = index::ChangeType::kServerStarted;
  server.events.publish({change});
  server.events.stop(5000);
  EXPECT_EQ(infos().at("throws-in-handler").errors, 2u);  // the filter and the listener
  server.plugins.stop_all();                              // stop throws, too
  EXPECT_EQ(state("throws-in-handler"), PluginState::kStopped);
  EXPECT_EQ(get("/fixture/forbidden").status, 404);  // neither filter nor route is left
}

TEST_F(PluginHostTest, StandardPluginsCanBeDisabled) {
  const fs::path folder = folder_.path / "plugins";
  fs::create_directories(folder);
  fs::copy_file(fixture("z_provider"), folder / "z_provider.so");
  Server& server = make(R"({"DisabledPlugins": ["z-provider"]})");
  server.plugins.load({folder.string()});
  server.plugins.start_all();
  EXPECT_TRUE(server.plugins.plugins().empty());
}

TEST_F(PluginHostTest, DatabaseKeepsItsIdentifier) {
  const std::string first = make().plugins.database_identifier();
  EXPECT_TRUE(dicom::PublicId::parse(first));
  EXPECT_EQ(server_->plugins.database_identifier(), first);
  EXPECT_EQ(make().plugins.database_identifier(), first);  // after a restart
  EXPECT_EQ(make(R"({"DatabaseServerIdentifier": "chosen"})").plugins.database_identifier(), "chosen");
}

#ifdef HILUM_SAMPLE_PLUGINS
TEST_F(PluginHostTest, DecodersAreAskedInOrder) {
  const std::map<std::string, std::map<std::string, std::string>> expected = {
      {"After",
       {{"both", "pppppp"}, {"builtin", "bbbbbb"}, {"plugin", "pppppp"}, {"falls-through", "bbbbbb"}}},
      {"Before", {{"both", "bbbbbb"}, {"plugin", "pppppp"}, {"falls-through", "bbbbbb"}}},
      {"Disabled", {{"both", "pppppp"}, {"plugin", "pppppp"}}}};
  for (const auto& [order, answers] : expected) {
    Server& server = make(R"({"BuiltinDecoderTranscoderOrder": ")" + order + "\"}");
    server.plugins.load({fixture("decoders")});
    server.plugins.start_all();
    for (const auto& [syntax, pixels] : answers) {
      EXPECT_EQ(get("/fixture/decode/" + syntax).body, pixels) << order << " " << syntax;
    }
    // The error of the last one that was asked; none at all.
    EXPECT_EQ(get("/fixture/decode/fails").status, 400);
    EXPECT_NE(get("/fixture/decode/fails").body.find("not mine after all"), std::string::npos);
    EXPECT_EQ(get("/fixture/decode/unknown").status, 500);
    EXPECT_NE(get("/fixture/decode/unknown").body.find("no decoder for transfer syntax unknown"),
              std::string::npos);
  }
  EXPECT_EQ(get("/fixture/decode/builtin").status, 500);  // disabled
  // What a decoder announces is checked before anything is allocated.
  EXPECT_NE(get("/fixture/decode/empty").body.find("has succeeded without a frame"), std::string::npos);
  EXPECT_EQ(get("/fixture/decode/huge").status, 413);
  EXPECT_EQ(get("/fixture/decode/contradiction").status, 413);
}

TEST_F(PluginHostTest, Samples) {
  const std::string samples = HILUM_SAMPLE_PLUGINS;
  Server& server = make(R"({"RecentInstances": 2})");
  server.plugins.load({samples + "/hello.so", samples + "/recent.so"});
  server.plugins.start_all();
  EXPECT_EQ(get("/hello/world").body, "Hello, world!\n");
  EXPECT_EQ(get("/hello/" + std::string(101, 'x')).status, 400);
  std::vector<index::Change> changes(3);
  for (size_t i = 0; i < changes.size(); ++i) {
    changes[i].type = index::ChangeType::kNewInstance;
    changes[i].resource = dicom::PublicId::hash_of(std::to_string(i));
  }
  server.events.publish(changes);
  server.events.stop(5000);
  EXPECT_EQ(get("/recent").body, "{\"Count\":3,\"Last\":[\"" + changes[2].resource.to_string() + "\",\"" +
                                     changes[1].resource.to_string() + "\"]}\n");
}

TEST_F(PluginHostTest, OptionsOfPluginsAreChecked) {
  Server& server = make(R"({"RecentInstances": 5000, "PluginsRequired": false})");
  server.plugins.load({std::string(HILUM_SAMPLE_PLUGINS) + "/recent.so"});
  server.plugins.start_all();
  expect_refused("recent", "RecentInstances must be from 0 to 1000");
  Server& other = make(R"({"RecentInstances": "many", "PluginsRequired": false})");
  other.plugins.load({std::string(HILUM_SAMPLE_PLUGINS) + "/recent.so"});
  other.plugins.start_all();
  expect_refused("recent", "RecentInstances");
}
#endif

}  // namespace
}  // namespace hilum::plugins
