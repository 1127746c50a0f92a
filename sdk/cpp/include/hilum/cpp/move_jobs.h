// hilum.move_jobs/draft in C++.
#pragma once

#include <hilum/cpp/host.h>
#include <hilum/draft/move_jobs.h>

#include <functional>
#include <utility>

namespace hilum {

// Takes over what C-MOVEs ask for. A member of the plugin's class; provide only inside its constructor.
class MoveJobs {
 public:
  // An exception refuses the C-MOVE. Several at once, on any thread.
  using Start = std::function<void(const hilum_move_job& job)>;

  explicit MoveJobs(Host host)
      : host_(host), table_(&host.service<hilum_move_jobs_draft>(HILUM_MOVE_JOBS_DRAFT)) {}
  MoveJobs(const MoveJobs&) = delete;
  MoveJobs& operator=(const MoveJobs&) = delete;

  // Once.
  void provide(Start start) {
    start_ = std::move(start);
    host_.check(table_->provide(host_.get(), &MoveJobs::call, this));
  }

 private:
  static int32_t call(void* context, const hilum_move_job* job) {
    const auto* self = static_cast<const MoveJobs*>(context);
    return self->host_.guard([&] { self->start_(*job); });
  }
  Host host_;
  const hilum_move_jobs_draft* table_;
  Start start_;
};

}  // namespace hilum
