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
      OptionInfo{"Worklists.Directory", OptionType::kRawPath, "\"\"",
                 "The same as Database, which it replaces if it is given.", "worklists"},
      OptionInfo{"Worklists.SaveInOrthancDatabase", OptionType::kBool, "false",
                 "Keeps entries that are made over REST in the index, not as files of the folder.",
                 "worklists"},
      OptionInfo{"Worklists.SetStudyInstanceUidIfMissing", OptionType::kBool, "true",
                 "Gives entries that are made over REST a study instance UID if they have none.",
                 "worklists"},
      OptionInfo{"Worklists.DeleteWorklistsOnStableStudy", OptionType::kBool, "true",
                 "Deletes entries that were made over REST once their study is stored and stable.",
                 "worklists"},
      OptionInfo{"Worklists.HousekeepingInterval", OptionType::kInt, "60",
                 "Seconds between two looks for entries that are too old.", "worklists"}
          .between(1, 86400),
      OptionInfo{"Worklists.DeleteWorklistsDelay", OptionType::kInt, "24",
                 "Hours after which entries that were made over REST are deleted; 0: never.", "worklists"}
          .between(0, 1 << 20),
      OptionInfo{"Worklists.FilterIssuerAet", OptionType::kBool, "false",
                 "A query that names no scheduled station is answered for the caller's.", "worklists"},
      OptionInfo{"Worklists.LimitAnswers", OptionType::kInt, "0", "Largest number of answers; 0: no limit.",
                 "worklists"}
          .between(0, 1 << 30),
  };
}

}  // namespace hilum::config
