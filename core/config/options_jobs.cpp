// Options: jobs, plugins, scripts, logs, metrics.
#include "core/config/option_tables.h"

namespace hilum::config {

OptionTable jobs_and_plugins_options() {
  return {
      integer("ConcurrentJobs", 2, "Jobs that run at the same time; 0: one per processor.")
          .between(0, 1000)
          .owned_by("jobs"),
      integer("JobsHistorySize", 10, "Finished jobs that are kept.").between(0, 1000000).owned_by("jobs"),
      boolean("SaveJobs", true, "Keeps jobs over a restart.").owned_by("jobs"),
      integer("MaximumUnfinishedJobs", 10000,
              "Jobs that wait, run or are paused at the same time; further ones are refused (503).")
          .between(1, 1000000)
          .owned_by("jobs"),
      section("JobsEngineThreadsCount",
              "Threads inside one job, by type of job: \"ResourceModification\": 4.")
          .owned_by("jobs"),
      list("Plugins", OptionType::kPathList, "[]",
           "Further plugins to load: files, or folders whose *.so files are loaded."),
      boolean("StandardPlugins", true,
              "Loads the plugins that come with Hilum, which serve the REST API. False: only those of "
              "Plugins."),
      list("DisabledPlugins", OptionType::kTextList, "[]",
           "Names of plugins that come with Hilum and are not wanted."),
      boolean("PluginsRequired", true,
              "Refuses to start when a plugin that Plugins names one by one cannot be loaded. False: "
              "starts without it; /plugins tells."),
      list("LuaScripts", OptionType::kPathList, "[]", "Lua scripts to load, in this order.").owned_by("lua"),
      integer("LuaHeartBeatPeriod", 0, "Calls OnHeartBeat() of the scripts so often; 0: never.")
          .in("s")
          .between(0, 1 << 30)
          .owned_by("lua"),
      boolean("MetricsEnabled", true, "Collects figures for /tools/metrics-prometheus."),
      boolean("DeidentifyLogs", true,
              "Hides what identifies a patient in logged DICOM queries. Traces show it.")
          .unused(),
      text("DeidentifyLogsDicomVersion", "2023b",
           "Edition of the standard whose list of identifying tags is used.")
          .one_of({"2008", "2017c", "2021b", "2023b"})
          .unused(),
      section("Worklists", "Worklists from a folder of files.").owned_by("worklists"),
      OptionInfo{"Worklists.Enable", OptionType::kBool, "false", "Answers worklist queries.", "worklists"},
      OptionInfo{"Worklists.Database", OptionType::kRawPath, "\"WorklistsDatabase\"",
                 "Folder of the worklist files (*.wl).", "worklists"},
      OptionInfo{"Worklists.FilterIssuerAet", OptionType::kBool, "false",
                 "Answers only the items whose scheduled station is the caller.", "worklists"},
      OptionInfo{"Worklists.LimitAnswers", OptionType::kInt, "0", "Largest number of answers; 0: no limit.",
                 "worklists"}
          .between(0, 1 << 30),
  };
}

}  // namespace hilum::config
