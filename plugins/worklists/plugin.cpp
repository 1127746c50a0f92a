// The worklists plugin: entries of modality worklists from a folder and over REST.
#include <dcmtk/dcmdata/dctk.h>
#include <hilum/cpp/config.h>
#include <hilum/cpp/events.h>
#include <hilum/cpp/index.h>
#include <hilum/cpp/plugin.h>
#include <hilum/cpp/worklists.h>
#include <hilum/dicom/normalize.h>
#include <hilum/dicom/query_identifier.h>
#include <hilum/dicom/transfer_syntax.h>
#include <hilum/draft/settings.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "routes.h"

namespace hilum::worklists {

namespace {

dicom::ParsedInstance parse_identifier(const hilum_worklist_query& query) {
  return dicom::parse_data_set(dicom::ByteSource(query.identifier, query.identifier_size),
                               dicom::kExplicitLittleEndian, {true});
}

// FilterIssuerAet: a query that names no station is about the one that asks.
void set_station(DcmItem& query, std::string_view remote_aet) {
  DcmItem* step = nullptr;
  if (query.findOrCreateSequenceItem(DCM_ScheduledProcedureStepSequence, step, 0).bad() || step == nullptr) {
    return;
  }
  OFString station;
  step->findAndGetOFStringArray(DCM_ScheduledStationAETitle, station);
  const std::string_view named = dicom::strip_spaces({station.c_str(), station.size()});
  if (named.empty() || named == "*") {
    step->putAndInsertString(DCM_ScheduledStationAETitle, std::string(remote_aet).c_str());
  }
}

}  // namespace

// The plugin. Made when the server starts, destroyed when it stops. Queries and handlers run on any thread.
class WorklistsPlugin {
 public:
  static constexpr const char* kRequired[] = {
      HILUM_HTTP_V1,       HILUM_INDEX_V1,       HILUM_CONFIG_V1,       HILUM_LOG_V1, HILUM_EVENTS_V1,
      HILUM_RECORDS_DRAFT, HILUM_SETTINGS_DRAFT, HILUM_WORKLISTS_DRAFT, nullptr};

  explicit WorklistsPlugin(Host host)
      : host_(host),
        config_(host),
        index_(host),
        log_(host),
        settings_(host.service<hilum_settings_draft>(HILUM_SETTINGS_DRAFT)),
        store_(host, folder(config_), config_.boolean("Worklists.SaveInOrthancDatabase")),
        context_{store_, [this] { return default_encoding(); },
                 config_.boolean("Worklists.SetStudyInstanceUidIfMissing")},
        routes_(host),
        events_(host),
        worklists_(host) {
    if (!config_.boolean("Worklists.Enable")) return;
    if (!config_.boolean("Worklists.SaveInOrthancDatabase") && !store_.folder().exists()) {
      throw Error(HILUM_E_DIRECTORY_EXPECTED,
                  "option \"Worklists.Database\": there is no folder \"" + store_.folder().path() + "\"");
    }
    filters_issuer_ = config_.boolean("Worklists.FilterIssuerAet");
    limit_ = static_cast<size_t>(config_.integer("Worklists.LimitAnswers"));
    case_sensitive_pn_ = config_.boolean("CaseSensitivePN");
    worklists_.provide(
        [this](const hilum_worklist_query& query, const WorklistAnswers& answers) { find(query, answers); });
    add_routes(routes_, context_);
    if (config_.boolean("Worklists.DeleteWorklistsOnStableStudy")) {
      events_.listen([this](const hilum_event& event) { on_event(event); });
    }
    const std::chrono::seconds interval(config_.integer("Worklists.HousekeepingInterval"));
    lifetime_ = std::chrono::hours(config_.integer("Worklists.DeleteWorklistsDelay"));
    if (lifetime_.count() > 0) {
      (void)store_.entries(default_encoding());  // what was made before the start grows old, too
      housekeeper_ = std::thread([this, interval] { keep_house(interval); });
    }
  }

  ~WorklistsPlugin() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    if (housekeeper_.joinable()) housekeeper_.join();
  }

 private:
  static std::string folder(const Config& config) {
    const std::string directory = config.text("Worklists.Directory");
    return directory.empty() ? config.text("Worklists.Database") : directory;
  }

  dicom::Encoding default_encoding() const {
    StringSink name;
    host_.check(settings_.default_encoding(host_.get(), name.sink()));
    return dicom::parse_encoding(name.text()).value_or(dicom::Encoding::Latin1);
  }

  void find(const hilum_worklist_query& asked, const WorklistAnswers& answers) {
    const dicom::Encoding encoding = default_encoding();
    const dicom::ParsedInstance parsed = parse_identifier(asked);
    if (filters_issuer_) set_station(parsed.data_set(), to_view(asked.remote_aet));
    const dicom::WorklistQuery query(parsed.data_set(), encoding, case_sensitive_pn_);
    size_t count = 0;
    for (const EntryPointer& entry : store_.entries(encoding)) {
      if (!query.matches(entry->item)) {
        continue;
      }
      if (limit_ != 0 && count == limit_) {
        answers.set_incomplete();
        return;
      }
      ++count;
      const dicom::ParsedInstance file = entry->parse();
      if (!answers.add(dicom::write_identifier(*query.answer(file.data_set(), encoding, encoding)))) return;
    }
  }

  // The study of an entry is there: it has been done.
  void on_event(const hilum_event& event) {
    if (event.type != HILUM_EVENT_STABLE_STUDY) return;
    const Snapshot snapshot = index_.snapshot();
    const std::optional<Resource> study = snapshot.find(to_view(event.resource), HILUM_STUDY);
    if (!study) return;
    std::string uid;
    study->tags(HILUM_STUDY, [&](hilum_tag tag, bool, std::string_view value) {
      if (tag == dicom::kStudyInstanceUid) uid = value;
    });
    const size_t removed = store_.remove_of_study(uid, default_encoding());
    if (removed > 0) {
      log_.info("worklist entries of a study that has become stable are deleted: " + std::to_string(removed));
    }
  }

  void keep_house(std::chrono::seconds interval) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, interval, [this] { return stopping_; })) {
      lock.unlock();
      (void)host_.guard([&] {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto before = std::chrono::duration_cast<std::chrono::milliseconds>(now - lifetime_);
        const size_t removed = store_.remove_older(before.count());
        if (removed > 0) log_.info("old worklist entries are deleted: " + std::to_string(removed));
      });
      lock.lock();
    }
  }

  Host host_;
  Config config_;
  Index index_;
  Log log_;
  const hilum_settings_draft& settings_;
  Store store_;
  RouteContext context_;
  bool filters_issuer_ = false;
  size_t limit_ = 0;
  bool case_sensitive_pn_ = false;
  std::chrono::hours lifetime_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread housekeeper_;

  Routes routes_;
  Events events_;
  Worklists worklists_;
};

}  // namespace hilum::worklists

HILUM_PLUGIN(hilum::worklists::WorklistsPlugin, "worklists", HILUM_VERSION,
             "Modality worklists from a folder of files and over REST: /worklists")
