// hilum.worklists/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/draft/worklists.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace hilum {

// Where answers to a worklist query go, inside a provider.
class WorklistAnswers {
 public:
  WorklistAnswers(Host host, const hilum_worklists_draft& table, hilum_worklist_answers* answers)
      : host_(host), table_(&table), answers_(answers) {}

  // A data set in Explicit VR Little Endian. False if nobody waits for more.
  bool add(std::string_view data_set) const {
    const int32_t status = table_->answer(answers_, data_set.data(), data_set.size());
    if (status == HILUM_E_CANCELED_JOB) {
      return false;
    }
    host_.check(status);
    return true;
  }
  void set_incomplete() const { host_.check(table_->set_incomplete(answers_)); }
  bool is_wanted() const { return table_->is_wanted(answers_) != 0; }

 private:
  Host host_;
  const hilum_worklists_draft* table_;
  hilum_worklist_answers* answers_;
};

// Provides entries of modality worklists. A member of the plugin's class; provide only inside its constructor.
class Worklists {
 public:
  // Several at once, on any thread. An exception ends the query with C000.
  using Provider = std::function<void(const hilum_worklist_query& query, const WorklistAnswers& answers)>;

  explicit Worklists(Host host)
      : host_(host), table_(&host.service<hilum_worklists_draft>(HILUM_WORKLISTS_DRAFT)) {}
  Worklists(const Worklists&) = delete;
  Worklists& operator=(const Worklists&) = delete;

  // Once.
  void provide(Provider provider) {
    provider_ = std::move(provider);
    hilum_worklist_provider given{};
    given.size = sizeof given;
    given.context = this;
    given.find = &Worklists::find;
    host_.check(table_->provide(host_.get(), &given));
  }

 private:
  static int32_t find(void* context, const hilum_worklist_query* query, hilum_worklist_answers* answers) {
    const auto* self = static_cast<const Worklists*>(context);
    return self->host_.guard(
        [&] { self->provider_(*query, WorklistAnswers(self->host_, *self->table_, answers)); });
  }
  Host host_;
  const hilum_worklists_draft* table_;
  Provider provider_;
};

}  // namespace hilum
