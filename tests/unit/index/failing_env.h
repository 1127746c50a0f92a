// LevelDB's files, of which one write fails, or all.
#pragma once

#include <leveldb/env.h>

#include <atomic>
#include <memory>

namespace hilum::index {

class FailingEnv final : public leveldb::EnvWrapper {
 public:
  static constexpr int kNever = -1;
  explicit FailingEnv(int fail_at = kNever) : EnvWrapper(Env::Default()), left_(fail_at) {}

  void set_full(bool full) { full_ = full; }
  bool has_failed() const { return failed_; }

  leveldb::Status NewWritableFile(const std::string& name, leveldb::WritableFile** file) override {
    return wrap(target()->NewWritableFile(name, file), file);
  }
  leveldb::Status NewAppendableFile(const std::string& name, leveldb::WritableFile** file) override {
    return wrap(target()->NewAppendableFile(name, file), file);
  }

 private:
  class File final : public leveldb::WritableFile {
   public:
    File(FailingEnv& env, leveldb::WritableFile* file) : env_(env), file_(file) {}
    leveldb::Status Append(const leveldb::Slice& data) override {
      if (env_.fails()) {
        file_->Append(leveldb::Slice(data.data(), data.size() / 2));
        return leveldb::Status::IOError("append", "No space left on device");
      }
      return file_->Append(data);
    }
    leveldb::Status Close() override { return file_->Close(); }
    leveldb::Status Flush() override { return file_->Flush(); }
    leveldb::Status Sync() override {
      return env_.fails() ? leveldb::Status::IOError("sync", "Input/output error") : file_->Sync();
    }

   private:
    FailingEnv& env_;
    const std::unique_ptr<leveldb::WritableFile> file_;
  };

  leveldb::Status wrap(const leveldb::Status& status, leveldb::WritableFile** file) {
    if (status.ok()) {
      *file = new File(*this, *file);
    }
    return status;
  }
  bool fails() {
    if (full_ || left_-- == 0) {
      failed_ = true;
      return true;
    }
    return false;
  }

  std::atomic<int> left_;
  std::atomic<bool> full_{false};
  std::atomic<bool> failed_{false};
};

}  // namespace hilum::index
