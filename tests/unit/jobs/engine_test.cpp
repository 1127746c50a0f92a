// The engine's states, queue and records, with tasks that do what the test says.
#include "engine.h"

#include <gtest/gtest.h>
#include <hilum/cpp/error.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hilum::jobs {
namespace {

constexpr const char* kOwner = "owner";

// Records that outlive an engine.
struct Disk {
  std::mutex mutex;
  std::map<std::string, std::string> records;
  std::atomic<bool> full{false};
  std::function<void(const std::vector<RecordStore::Change>&)> before_write;  // set while nobody writes
};

class DiskStore : public RecordStore {
 public:
  explicit DiskStore(Disk& disk) : disk_(disk) {}
  std::vector<std::pair<std::string, std::string>> all() const override {
    const std::lock_guard<std::mutex> lock(disk_.mutex);
    return {disk_.records.begin(), disk_.records.end()};
  }
  void write(const std::vector<Change>& changes) override {
    if (disk_.full) {
      throw Error(HILUM_E_FULL_STORAGE);
    }
    if (disk_.before_write) {
      disk_.before_write(changes);
    }
    const std::lock_guard<std::mutex> lock(disk_.mutex);
    for (const auto& [key, value] : changes) {
      if (value) {
        disk_.records[key] = *value;
      } else {
        disk_.records.erase(key);
      }
    }
  }

 private:
  Disk& disk_;
};

// What a task does; shared with the test, which outlives it.
struct Script {
  std::function<int32_t(hilum_job*, uint32_t*, uint64_t*)> step;
  std::function<int32_t()> reset = [] { return HILUM_OK; };
  std::function<void()> release = [] {};
  std::string save;  // empty: cannot be saved
  std::vector<uint32_t> stops;
  std::mutex mutex;
  std::atomic<int> steps{0}, released{0};
  std::atomic<bool> inside{false};
  std::atomic<bool> together{false};  // two functions ran at once
};

class Inside {
 public:
  explicit Inside(Script& script) : script_(script) {
    if (script_.inside.exchange(true)) {
      script_.together = true;
    }
  }
  ~Inside() { script_.inside = false; }

 private:
  Script& script_;
};

hilum_job_task task_of(Script& script) {
  hilum_job_task task{};
  task.size = sizeof task;
  task.context = &script;
  task.step = [](void* context, hilum_job* job, uint32_t* outcome, uint64_t* delay) {
    auto& self = *static_cast<Script*>(context);
    const Inside inside(self);
    ++self.steps;
    return self.step(job, outcome, delay);
  };
  task.stop = [](void* context, uint32_t reason) {
    auto& self = *static_cast<Script*>(context);
    const Inside inside(self);
    const std::lock_guard<std::mutex> lock(self.mutex);
    self.stops.push_back(reason);
  };
  task.reset = [](void* context) { return static_cast<Script*>(context)->reset(); };
  task.save = [](void* context, hilum_sink sink) {
    auto& self = *static_cast<Script*>(context);
    const Inside inside(self);
    return self.save.empty() ? HILUM_OK : sink.write(sink.context, self.save.data(), self.save.size());
  };
  task.release = [](void* context) {
    auto& self = *static_cast<Script*>(context);
    self.release();
    ++self.released;
  };
  return task;
}

std::function<int32_t(hilum_job*, uint32_t*, uint64_t*)> always(uint32_t outcome, int32_t status = HILUM_OK) {
  return [=](hilum_job*, uint32_t* result, uint64_t*) {
    *result = outcome;
    return status;
  };
}

// A step that waits until the test lets it go on.
class Door {
 public:
  void open() { open_ = true; }
  void wait() const {
    while (!open_) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  std::atomic<bool> open_{false};
};

class EngineTest : public testing::Test {
 protected:
  std::unique_ptr<Engine> make(EngineOptions options = {}) {
    Surroundings around;
    around.error_of = [](int32_t status) { return Error(status, "of the task"); };
    around.log = [](hilum_log_level, const std::string&) {};
    around.counted = [this](const Counts& counts) { counts_ = counts; };
    return std::make_unique<Engine>(options, std::make_unique<DiskStore>(disk_), around);
  }
  static Submission job(int32_t priority = 0) {
    Submission submission;
    submission.type = "Test";
    submission.priority = priority;
    return submission;
  }
  static hilum_job_state state(const Engine& engine, const std::string& id) {
    const auto facts = engine.facts(id);
    return facts ? facts->state : static_cast<hilum_job_state>(0);
  }
  static void wait_for(const Engine& engine, const std::string& id, hilum_job_state wanted) {
    for (int i = 0; i < 30000 && state(engine, id) != wanted; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_EQ(state(engine, id), wanted);
  }
  static void wait_until(const std::function<bool()>& holds) {
    for (int i = 0; i < 30000 && !holds(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    ASSERT_TRUE(holds());
  }

  Disk disk_;
  Counts counts_{};
};

TEST_F(EngineTest, RunsStepsUntilDone) {
  Script script;
  script.step = [&](hilum_job* handle, uint32_t* outcome, uint64_t*) {
    handle->engine->set_progress(*handle->job, 0.25 * script.steps);
    handle->engine->set_content(*handle->job, "{\"a\" : 1}");
    *outcome = script.steps < 3 ? HILUM_JOB_CONTINUE : HILUM_JOB_DONE;
    return HILUM_OK;
  };
  const auto engine = make();
  engine->start();
  const std::string id = engine->submit(kOwner, job(), task_of(script));
  wait_for(*engine, id, HILUM_JOB_SUCCESS);
  EXPECT_EQ(script.steps, 3);
  EXPECT_EQ(script.released, 1);
  EXPECT_EQ(script.stops, std::vector<uint32_t>{HILUM_JOB_STOP_DONE});
  const JobFacts facts = *engine->facts(id);
  EXPECT_EQ(facts.progress, 1);
  EXPECT_EQ(facts.content, "{\"a\" : 1}");
  EXPECT_EQ(facts.failure.code, 0);
  EXPECT_EQ(counts_[HILUM_JOB_SUCCESS], 1u);
  EXPECT_EQ(counts_[HILUM_JOB_RUNNING], 0u);
}

TEST_F(EngineTest, HigherNumbersRunFirstThenOlderOnes) {
  EngineOptions options;
  options.threads = 1;
  const auto engine = make(options);
  std::vector<int> order;
  std::mutex mutex;
  std::vector<std::unique_ptr<Script>> scripts;
  std::vector<std::string> ids;
  const std::vector<int32_t> priorities = {0, -5, 10, 0, 5, 10};
  for (size_t i = 0; i < priorities.size(); ++i) {
    scripts.push_back(std::make_unique<Script>());
    scripts.back()->step = [&, i](hilum_job*, uint32_t* outcome, uint64_t*) {
      const std::lock_guard<std::mutex> lock(mutex);
      order.push_back(static_cast<int>(i));
      *outcome = HILUM_JOB_DONE;
      return HILUM_OK;
    };
    ids.push_back(engine->submit(kOwner, job(priorities[i]), task_of(*scripts.back())));
  }
  engine->start();
  for (const std::string& id : ids) {
    wait_for(*engine, id, HILUM_JOB_SUCCESS);
  }
  EXPECT_EQ(order, (std::vector<int>{2, 5, 4, 0, 3, 1}));
}

TEST_F(EngineTest, AFailureKeepsItsErrorAndProgress) {
  Script script;
  script.step = [&](hilum_job* handle, uint32_t*, uint64_t*) {
    handle->engine->set_progress(*handle->job, 0.25);
    return static_cast<int32_t>(HILUM_E_CORRUPTED);
  };
  const auto engine = make();
  engine->start();
  const std::string id = engine->submit(kOwner, job(), task_of(script));
  wait_for(*engine, id, HILUM_JOB_FAILURE);
  const JobFacts facts = *engine->facts(id);
  EXPECT_EQ(facts.failure.code, HILUM_E_CORRUPTED);
  EXPECT_EQ(facts.failure.details, "of the task");
  EXPECT_EQ(facts.progress, 0.25);
  EXPECT_EQ(script.released, 0);  // it may be run again
  EXPECT_EQ(script.stops, std::vector<uint32_t>{HILUM_JOB_STOP_FAILED});
}

TEST_F(EngineTest, AnExceptionOrAnUnknownOutcomeIsAFailure) {
  Script throws, lies;
  throws.step = [](hilum_job*, uint32_t*, uint64_t*) -> int32_t { throw std::runtime_error("escaped"); };
  lies.step = always(77);
  const auto engine = make();
  engine->start();
  const std::string first = engine->submit(kOwner, job(), task_of(throws));
  const std::string second = engine->submit(kOwner, job(), task_of(lies));
  wait_for(*engine, first, HILUM_JOB_FAILURE);
  wait_for(*engine, second, HILUM_JOB_FAILURE);
  EXPECT_EQ(engine->facts(first)->failure.code, HILUM_E_PLUGIN);
  EXPECT_EQ(engine->facts(second)->failure.code, HILUM_E_PLUGIN);
}

// The table of section "State machine": what each change does in each state.
TEST_F(EngineTest, ChangesInEachState) {
  EngineOptions options;
  options.threads = 1;
  const auto engine = make(options);
  engine->start();
  EXPECT_FALSE(engine->pause("nobody"));
  EXPECT_FALSE(engine->cancel("nobody"));
  EXPECT_FALSE(engine->resume("nobody"));
  EXPECT_FALSE(engine->resubmit("nobody"));
  EXPECT_FALSE(engine->remove("nobody"));

  Door door;
  Script blocks, waits;
  blocks.step = [&](hilum_job*, uint32_t* outcome, uint64_t*) {
    door.wait();
    *outcome = HILUM_JOB_CONTINUE;
    return HILUM_OK;
  };
  waits.step = always(HILUM_JOB_DONE);
  const std::string running = engine->submit(kOwner, job(), task_of(blocks));
  wait_for(*engine, running, HILUM_JOB_RUNNING);
  const std::string other = engine->submit(kOwner, job(), task_of(waits));
  EXPECT_EQ(state(*engine, other), HILUM_JOB_PENDING);
  EXPECT_FALSE(engine->resume(other));
  EXPECT_FALSE(engine->resubmit(other));
  EXPECT_FALSE(engine->remove(other));
  EXPECT_TRUE(engine->pause(other));
  EXPECT_EQ(state(*engine, other), HILUM_JOB_PAUSED);
  EXPECT_TRUE(engine->pause(other));
  EXPECT_FALSE(engine->resubmit(other));
  EXPECT_FALSE(engine->remove(other));
  EXPECT_TRUE(engine->resume(other));
  EXPECT_EQ(state(*engine, other), HILUM_JOB_PENDING);
  EXPECT_TRUE(engine->cancel(other));
  EXPECT_EQ(state(*engine, other), HILUM_JOB_FAILURE);
  EXPECT_EQ(engine->facts(other)->failure.code, HILUM_E_CANCELED_JOB);
  EXPECT_EQ(waits.stops, std::vector<uint32_t>{HILUM_JOB_STOP_CANCELED});
  EXPECT_TRUE(engine->cancel(other));
  EXPECT_TRUE(engine->pause(other));
  EXPECT_FALSE(engine->resume(other));
  EXPECT_TRUE(engine->resubmit(other));
  EXPECT_EQ(state(*engine, other), HILUM_JOB_PENDING);
  EXPECT_EQ(engine->facts(other)->failure.code, HILUM_E_CANCELED_JOB);  // until it runs

  EXPECT_FALSE(engine->resume(running));
  EXPECT_FALSE(engine->resubmit(running));
  EXPECT_FALSE(engine->remove(running));
  EXPECT_TRUE(engine->pause(running));
  EXPECT_EQ(state(*engine, running), HILUM_JOB_RUNNING);  // until its step has ended
  door.open();
  wait_for(*engine, running, HILUM_JOB_PAUSED);
  wait_for(*engine, other, HILUM_JOB_SUCCESS);
  EXPECT_EQ(engine->facts(other)->failure.code, 0);
  EXPECT_TRUE(engine->pause(other));
  EXPECT_TRUE(engine->cancel(other));
  EXPECT_FALSE(engine->resume(other));
  EXPECT_FALSE(engine->resubmit(other));
  EXPECT_EQ(state(*engine, other), HILUM_JOB_SUCCESS);
  EXPECT_TRUE(engine->remove(other));
  EXPECT_FALSE(engine->facts(other));

  EXPECT_TRUE(engine->resume(running));
  wait_for(*engine, running, HILUM_JOB_RUNNING);
  EXPECT_TRUE(engine->cancel(running));
  wait_for(*engine, running, HILUM_JOB_FAILURE);
  EXPECT_EQ(engine->facts(running)->failure.code, HILUM_E_CANCELED_JOB);
  EXPECT_FALSE(blocks.together);
}

TEST_F(EngineTest, ARefusedResubmitChangesNothing) {
  Script script;
  script.step = always(0, HILUM_E_NETWORK);
  script.reset = [] { return static_cast<int32_t>(HILUM_E_BAD_SEQUENCE); };
  const auto engine = make();
  engine->start();
  const std::string id = engine->submit(kOwner, job(), task_of(script));
  wait_for(*engine, id, HILUM_JOB_FAILURE);
  EXPECT_THROW(engine->resubmit(id), Error);
  EXPECT_EQ(state(*engine, id), HILUM_JOB_FAILURE);
  EXPECT_EQ(engine->facts(id)->failure.code, HILUM_E_NETWORK);
}

TEST_F(EngineTest, TriesAgainAfterTheDelay) {
  Script script;
  script.step = [&](hilum_job*, uint32_t* outcome, uint64_t* delay) {
    *outcome = script.steps < 3 ? HILUM_JOB_TRY_AGAIN : HILUM_JOB_DONE;
    *delay = 5;
    return HILUM_OK;
  };
  const auto engine = make();
  engine->start();
  const std::string id = engine->submit(kOwner, job(), task_of(script));
  wait_for(*engine, id, HILUM_JOB_SUCCESS);
  EXPECT_EQ(script.steps, 3);
}

TEST_F(EngineTest, ARetryCanBePausedAndCancelled) {
  Script paused, cancelled;
  paused.step = cancelled.step = [](hilum_job*, uint32_t* outcome, uint64_t* delay) {
    *outcome = HILUM_JOB_TRY_AGAIN;
    *delay = 3600000;
    return HILUM_OK;
  };
  const auto engine = make();
  engine->start();
  const std::string first = engine->submit(kOwner, job(), task_of(paused));
  const std::string second = engine->submit(kOwner, job(), task_of(cancelled));
  wait_for(*engine, first, HILUM_JOB_RETRY);
  wait_for(*engine, second, HILUM_JOB_RETRY);
  EXPECT_TRUE(engine->pause(first));
  EXPECT_EQ(state(*engine, first), HILUM_JOB_PAUSED);
  EXPECT_TRUE(engine->cancel(second));
  EXPECT_EQ(state(*engine, second), HILUM_JOB_FAILURE);
}

TEST_F(EngineTest, TheHistoryForgetsTheOldestEnds) {
  EngineOptions options;
  options.history = 2;
  options.threads = 1;
  const auto engine = make(options);
  Script script;
  script.step = always(0, HILUM_E_NETWORK);
  std::vector<std::string> ids;
  for (int i = 0; i < 4; ++i) {
    ids.push_back(engine->submit(kOwner, job(), task_of(script)));
  }
  engine->start();
  wait_for(*engine, ids[3], HILUM_JOB_FAILURE);
  EXPECT_FALSE(engine->facts(ids[0]));
  EXPECT_FALSE(engine->facts(ids[1]));
  EXPECT_TRUE(engine->facts(ids[2]));
  wait_until([&] { return script.released == 2; });
}

TEST_F(EngineTest, RunGivesTheContentEvenWithoutAHistory) {
  EngineOptions options;
  options.history = 0;
  const auto engine = make(options);
  engine->start();
  Script good, bad;
  good.step = [](hilum_job* handle, uint32_t* outcome, uint64_t*) {
    handle->engine->set_content(*handle->job, "{\"ID\" : \"x\"}");
    *outcome = HILUM_JOB_DONE;
    return HILUM_OK;
  };
  bad.step = always(0, HILUM_E_NETWORK);
  bool taken = false;
  EXPECT_EQ(engine->run(kOwner, job(), task_of(good), taken), "{\"ID\" : \"x\"}");
  EXPECT_TRUE(taken);
  try {
    engine->run(kOwner, job(), task_of(bad), taken);
    FAIL() << "the job has failed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_NETWORK);
    EXPECT_EQ(error.details(), "of the task");
  }
  EXPECT_TRUE(engine->ids().empty());
  wait_until([&] { return bad.released == 1; });
}

TEST_F(EngineTest, AJobCannotWaitForAnother) {
  const auto engine = make();
  engine->start();
  Script inner, outer;
  inner.step = always(HILUM_JOB_DONE);
  std::atomic<int32_t> code{0};
  outer.step = [&](hilum_job*, uint32_t* outcome, uint64_t*) {
    bool taken = true;
    try {
      engine->run(kOwner, job(), task_of(inner), taken);
    } catch (const Error& error) {
      code = error.code();
    }
    *outcome = HILUM_JOB_DONE;
    return HILUM_OK;
  };
  const std::string id = engine->submit(kOwner, job(), task_of(outer));
  wait_for(*engine, id, HILUM_JOB_SUCCESS);
  EXPECT_EQ(code, HILUM_E_BAD_SEQUENCE);
  EXPECT_EQ(inner.released, 0);  // still the caller's
}

TEST_F(EngineTest, RefusesMoreThanItTakes) {
  EngineOptions options;
  options.maximum_unfinished = 2;
  const auto engine = make(options);
  Script script;
  script.step = always(HILUM_JOB_DONE);
  engine->submit(kOwner, job(), task_of(script));
  engine->submit(kOwner, job(), task_of(script));
  try {
    engine->submit(kOwner, job(), task_of(script));
    FAIL() << "there are two jobs already";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_BUSY);
  }
  EXPECT_EQ(script.released, 0);
}

TEST_F(EngineTest, AJobThatCannotBeWrittenIsNotTaken) {
  const auto engine = make();
  Script script;
  script.step = always(HILUM_JOB_DONE);
  disk_.full = true;
  EXPECT_THROW(engine->submit(kOwner, job(), task_of(script)), Error);
  EXPECT_EQ(script.released, 0);
  EXPECT_TRUE(engine->ids().empty());
}

// The server begins to stop while the record is written: the job is not taken, and a restart must not find it.
TEST_F(EngineTest, ARefusedJobLeavesNoRecord) {
  const auto engine = make();
  Script script;
  script.save = "x";
  script.step = always(HILUM_JOB_DONE);
  size_t written = 0;
  disk_.before_write = [&](const std::vector<RecordStore::Change>& changes) {
    written += changes.front().second ? 1 : 0;
    engine->begin_stop();
  };
  try {
    engine->submit(kOwner, job(), task_of(script));
    FAIL() << "the engine is stopping";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), HILUM_E_UNAVAILABLE);
  }
  EXPECT_EQ(written, 1u);
  EXPECT_EQ(script.released, 0);
  EXPECT_TRUE(disk_.records.empty());
}

// Also if it cannot be erased at once.
TEST_F(EngineTest, TheRecordOfARefusedJobIsErasedLater) {
  EngineOptions options;
  options.threads = 0;
  const auto engine = make(options);
  engine->start();
  Script script;
  script.step = always(HILUM_JOB_DONE);
  std::atomic<size_t> writes{0};
  disk_.before_write = [&](const std::vector<RecordStore::Change>&) {
    switch (++writes) {
      case 1:
        engine->begin_stop();
        break;
      case 2:
        throw Error(HILUM_E_FULL_STORAGE);
      default:
        break;
    }
  };
  EXPECT_THROW(engine->submit(kOwner, job(), task_of(script)), Error);
  engine->stop();
  EXPECT_EQ(writes, 3u);
  EXPECT_TRUE(disk_.records.empty());
}

// What the store refuses of one job does not hold up the records of the others.
TEST_F(EngineTest, ARecordThatIsRefusedIsGivenUp) {
  EngineOptions options;
  options.threads = 0;
  const auto engine = make(options);
  Script script;
  script.step = always(HILUM_JOB_DONE);
  const std::string bad = engine->submit(kOwner, job(), task_of(script));
  const std::string good = engine->submit(kOwner, job(), task_of(script));
  disk_.before_write = [&](const std::vector<RecordStore::Change>& changes) {
    for (const auto& change : changes) {
      if (change.first == job_key(bad)) {
        throw Error(HILUM_E_OUT_OF_RANGE);
      }
    }
  };
  EXPECT_TRUE(engine->pause(bad));
  EXPECT_TRUE(engine->pause(good));
  engine->start();
  const auto record = [&](const std::string& id) {
    const std::lock_guard<std::mutex> lock(disk_.mutex);
    return disk_.records[job_key(id)];
  };
  wait_until([&] { return record(good).find("Paused") != std::string::npos; });
  EXPECT_EQ(record(bad).find("Paused"), std::string::npos);
  engine->withdraw(kOwner);
}

TEST(Record, IsNeverLargerThanAStoreTakes) {
  constexpr size_t kLargest = 12u << 20;
  Job job;
  job.facts.id = "id";
  job.facts.content = "{\"a\" : 1}";
  job.facts.user_data = "[]";
  job.facts.resources.assign(1000, std::string(44, 'a'));
  Job read;
  ASSERT_TRUE(read_record(record_of(job), read));
  EXPECT_EQ(read.facts.resources, job.facts.resources);

  job.facts.resources.assign(311000, std::string(44, 'a'));
  EXPECT_LT(record_of(job).size(), kLargest);
  Job many;
  ASSERT_TRUE(read_record(record_of(job), many));
  EXPECT_TRUE(many.facts.resources.empty());
  EXPECT_EQ(many.facts.content, job.facts.content);

  job.facts.content = "{\"a\" : \"" + std::string(8u << 20, 'x') + "\"}";
  job.facts.user_data = '"' + std::string(7u << 20, 'x') + '"';
  job.facts.failure.details = std::string(1000, '\n');
  EXPECT_LE(record_of(job).size(), kLargest);
  Job large;
  ASSERT_TRUE(read_record(record_of(job), large));
  EXPECT_EQ(large.facts.content, "{}");
  EXPECT_EQ(large.facts.user_data, job.facts.user_data);
  EXPECT_EQ(large.facts.failure.details, job.facts.failure.details);
}

int32_t load_script(void* context, hilum_text, hilum_text text, hilum_job_task* task) {
  auto& script = *static_cast<Script*>(context);
  script.save.assign(text.data, text.size);
  *task = task_of(script);
  return HILUM_OK;
}

TEST_F(EngineTest, ARestartGoesOnWithWhatWasSaved) {
  std::string pending, paused, failed, succeeded, lost;
  {
    const auto engine = make();
    Script script, unsaved, fails, done;
    script.save = "state \x01\xff";
    script.step = unsaved.step = always(HILUM_JOB_CONTINUE);
    fails.save = "again";
    fails.step = always(0, HILUM_E_NETWORK);
    done.step = always(HILUM_JOB_DONE);
    engine->start();
    failed = engine->submit(kOwner, job(), task_of(fails));
    succeeded = engine->submit(kOwner, job(), task_of(done));
    wait_for(*engine, failed, HILUM_JOB_FAILURE);
    wait_for(*engine, succeeded, HILUM_JOB_SUCCESS);
    pending = engine->submit(kOwner, job(7), task_of(script));
    lost = engine->submit(kOwner, job(), task_of(unsaved));
    wait_for(*engine, pending, HILUM_JOB_RUNNING);
    paused = engine->submit(kOwner, job(), task_of(script));
    EXPECT_TRUE(engine->pause(paused));
    engine->begin_stop();
    engine->withdraw(kOwner);
    engine->stop();
    EXPECT_EQ(state(*engine, pending), HILUM_JOB_PENDING);
    EXPECT_EQ(script.released, 2);
  }
  const auto engine = make();
  Script script;
  script.step = always(HILUM_JOB_DONE);
  engine->load();
  EXPECT_EQ(state(*engine, pending), HILUM_JOB_PENDING);
  EXPECT_EQ(engine->facts(pending)->priority, 7);
  EXPECT_EQ(state(*engine, paused), HILUM_JOB_PAUSED);
  engine->add_type("Test", {kOwner, &load_script, &script});
  engine->start();
  EXPECT_EQ(state(*engine, lost), HILUM_JOB_FAILURE);
  EXPECT_NE(engine->facts(lost)->failure.details.find("cannot be carried over a restart"), std::string::npos);
  EXPECT_THROW(engine->resubmit(lost), Error);
  wait_for(*engine, pending, HILUM_JOB_SUCCESS);
  EXPECT_EQ(script.save, "state \x01\xff");
  EXPECT_EQ(state(*engine, paused), HILUM_JOB_PAUSED);
  EXPECT_EQ(state(*engine, succeeded), HILUM_JOB_SUCCESS);
  EXPECT_EQ(engine->facts(failed)->failure.code, HILUM_E_NETWORK);
  EXPECT_TRUE(engine->resubmit(failed));
  wait_for(*engine, failed, HILUM_JOB_SUCCESS);
  EXPECT_EQ(script.save, "again");
  engine->withdraw(kOwner);
}

TEST_F(EngineTest, TypesThatAreGoneFail) {
  std::string id;
  {
    const auto engine = make();
    Script script;
    script.save = "x";
    script.step = always(HILUM_JOB_DONE);
    id = engine->submit(kOwner, job(), task_of(script));
    engine->begin_stop();
    engine->withdraw(kOwner);
  }
  const auto engine = make();
  engine->load();
  engine->start();
  EXPECT_EQ(state(*engine, id), HILUM_JOB_FAILURE);
  EXPECT_EQ(engine->facts(id)->failure.code, HILUM_E_UNAVAILABLE);
}

// While the first one of them fails, the history gives up a task, and somebody cancels the next one.
TEST_F(EngineTest, NoJobEndsTwiceAtTheStart) {
  EngineOptions options;
  options.history = 2;
  {
    const auto engine = make(options);
    Script script;
    script.step = always(HILUM_JOB_DONE);
    for (int i = 0; i < 2; ++i) {
      engine->submit(kOwner, job(), task_of(script));
    }
    engine->begin_stop();
    engine->withdraw(kOwner);
  }
  const auto engine = make(options);
  engine->load();
  const std::vector<std::string> lost = engine->ids();
  ASSERT_EQ(lost.size(), 2u);
  std::vector<std::unique_ptr<Script>> scripts;
  for (int i = 0; i < 2; ++i) {
    scripts.push_back(std::make_unique<Script>());
    scripts.back()->step = always(HILUM_JOB_DONE);
    EXPECT_TRUE(engine->cancel(engine->submit(kOwner, job(), task_of(*scripts.back()))));
  }
  scripts.front()->release = [&] { EXPECT_TRUE(engine->cancel(lost[1])); };
  engine->start();
  EXPECT_EQ(scripts[0]->released, 1);
  EXPECT_EQ(engine->facts(lost[0])->failure.code, HILUM_E_BAD_SEQUENCE);
  ASSERT_TRUE(engine->facts(lost[1]));
  EXPECT_EQ(engine->facts(lost[1])->failure.code, HILUM_E_CANCELED_JOB);
  EXPECT_EQ(engine->ids(), lost);
  EXPECT_EQ(counts_[HILUM_JOB_FAILURE], 2u);
  EXPECT_EQ(counts_[HILUM_JOB_PENDING], 0u);
  engine->withdraw(kOwner);
}

// The code of a task may be unloaded as soon as its owner has been withdrawn.
TEST_F(EngineTest, WithdrawWaitsForTasksThatAreReleased) {
  EngineOptions options;
  options.threads = 0;
  const auto engine = make(options);
  Script script;
  script.step = always(HILUM_JOB_DONE);
  Door door;
  std::atomic<bool> releases{false}, withdrawn{false};
  script.release = [&] {
    releases = true;
    door.wait();
  };
  const std::string id = engine->submit(kOwner, job(), task_of(script));
  EXPECT_TRUE(engine->cancel(id));
  std::thread remover([&] { EXPECT_TRUE(engine->remove(id)); });
  wait_until([&] { return releases.load(); });
  EXPECT_FALSE(engine->facts(id));
  engine->withdraw("another owner");
  std::thread withdrawer([&] {
    engine->withdraw(kOwner);
    EXPECT_EQ(script.released, 1);
    withdrawn = true;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_FALSE(withdrawn);
  door.open();
  remover.join();
  withdrawer.join();
  EXPECT_TRUE(withdrawn);
}

TEST_F(EngineTest, ForgottenJobsLeaveNoRecord) {
  EngineOptions options;
  options.history = 0;
  {
    const auto engine = make(options);
    engine->start();
    Script script;
    script.save = "x";
    script.step = always(HILUM_JOB_DONE);
    bool taken = false;
    engine->run(kOwner, job(), task_of(script), taken);
    engine->submit(kOwner, job(), task_of(script));
    wait_until([&] { return script.released == 2; });
  }
  EXPECT_TRUE(disk_.records.empty());
}

TEST_F(EngineTest, RecordsThatAreNoneAreRemoved) {
  disk_.records = {
      {"job/a", "not JSON"}, {"job/b", "{}"}, {"task/c", "x"}, {"job/d", "{\"Format\":1,\"State\":[]}"}};
  const auto engine = make();
  engine->load();
  EXPECT_TRUE(engine->ids().empty());
  EXPECT_TRUE(disk_.records.empty());
}

// Whoever waits for a job is told when the server stops, and a step is asked to end.
TEST_F(EngineTest, StopEndsWaitersAndSteps) {
  const auto engine = make();
  engine->start();
  Script script;
  std::atomic<uint32_t> reason{0};
  script.step = [&](hilum_job* handle, uint32_t* outcome, uint64_t*) {
    while (handle->job->stop_request == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    reason = handle->job->stop_request.load();
    *outcome = HILUM_JOB_CONTINUE;
    return HILUM_OK;
  };
  std::atomic<int32_t> code{0};
  std::thread caller([&] {
    bool taken = false;
    try {
      engine->run(kOwner, job(), task_of(script), taken);
    } catch (const Error& error) {
      code = error.code();
    }
  });
  wait_until([&] { return script.steps == 1; });
  engine->begin_stop();
  caller.join();
  EXPECT_EQ(code, HILUM_E_UNAVAILABLE);
  engine->withdraw(kOwner);
  EXPECT_EQ(script.released, 1);
  EXPECT_EQ(reason, HILUM_JOB_STOP_SHUTDOWN);
  engine->stop();
}

TEST_F(EngineTest, ListenersHearOfJobsInOrder) {
  struct Heard {
    std::mutex mutex;
    std::vector<uint32_t> events;
    size_t count() {
      const std::lock_guard<std::mutex> lock(mutex);
      return events.size();
    }
  } heard;
  const auto engine = make();
  engine->listen(
      kOwner,
      [](void* context, uint32_t event, const hilum_job_info*) {
        auto& self = *static_cast<Heard*>(context);
        const std::lock_guard<std::mutex> lock(self.mutex);
        self.events.push_back(event);
      },
      &heard);
  engine->start();
  Script good, bad;
  good.step = always(HILUM_JOB_DONE);
  bad.step = always(0, HILUM_E_NETWORK);
  bool taken = false;
  engine->run(kOwner, job(), task_of(good), taken);
  EXPECT_THROW(engine->run(kOwner, job(), task_of(bad), taken), Error);
  wait_until([&] { return heard.count() == 4; });
  engine->withdraw(kOwner);
  EXPECT_EQ(heard.events, (std::vector<uint32_t>{HILUM_JOB_SUBMITTED, HILUM_JOB_SUCCEEDED,
                                                 HILUM_JOB_SUBMITTED, HILUM_JOB_FAILED}));
}

// Many threads change jobs as they like: every job ends, and no two functions of a task run at once.
TEST_F(EngineTest, SurvivesChangesFromAllSides) {
  EngineOptions options;
  options.threads = 3;
  options.history = 1000;
  const auto engine = make(options);
  engine->start();
  std::vector<std::unique_ptr<Script>> scripts;
  std::vector<std::string> ids;
  for (int i = 0; i < 30; ++i) {
    scripts.push_back(std::make_unique<Script>());
    Script& script = *scripts.back();
    script.save = "x";
    script.step = [&script](hilum_job*, uint32_t* outcome, uint64_t*) {
      *outcome = script.steps % 5 == 1 ? HILUM_JOB_TRY_AGAIN : HILUM_JOB_CONTINUE;
      return script.steps > 40 ? static_cast<int32_t>(HILUM_E_NETWORK) : HILUM_OK;
    };
    ids.push_back(engine->submit(kOwner, job(i % 3), task_of(script)));
  }
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      for (unsigned i = 0; i < 600; ++i) {
        const std::string& id = ids[(i * 7 + seed * 3) % ids.size()];
        switch ((i + seed) % 5) {
          case 0:
            engine->pause(id);
            break;
          case 1:
            engine->resume(id);
            break;
          case 2:
            engine->cancel(id);
            break;
          case 3:
            engine->resubmit(id);
            break;
          default:
            engine->changed_since(0, [](const JobFacts&) { return true; });
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const std::string& id : ids) {
    engine->cancel(id);
  }
  for (const std::string& id : ids) {
    wait_for(*engine, id, HILUM_JOB_FAILURE);
  }
  engine->withdraw(kOwner);
  for (const auto& script : scripts) {
    EXPECT_EQ(script->released, 1);
    EXPECT_FALSE(script->together);
  }
}

}  // namespace
}  // namespace hilum::jobs
