#include "core/dimse/scu/pool.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "core/base/log.h"
#include "core/base/log_setup.h"

namespace hilum::dimse {
namespace {

// Two calls may share an association if all of this is the same.
std::string key_of(const Target& target) {
  const Modality& to = target.modality;
  return fmt::format("{}\n{}\n{}\n{}\n{}", to.local_aet, to.aet, to.host, to.port, to.use_tls);
}

std::string endpoint_of(const Target& target) {
  return fmt::format("{}\n{}", target.modality.host, target.modality.port);
}

}  // namespace

ConnectionPool::~ConnectionPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  if (closer_.joinable()) closer_.join();
  close_all();
}

std::unique_ptr<Connection> ConnectionPool::take(const Target& target,
                                                 const std::function<bool(const Connection&)>& fits) {
  const std::string key = key_of(target);
  std::vector<std::unique_ptr<Connection>> ended;  // closed without the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  for (auto it = idle_.end(); it != idle_.begin();) {
    --it;
    if (it->key != key) continue;
    if (!it->connection->is_silent()) {
      ended.push_back(std::move(it->connection));
      it = idle_.erase(it);
      continue;
    }
    if (fits(*it->connection)) {
      std::unique_ptr<Connection> connection = std::move(it->connection);
      idle_.erase(it);
      return connection;
    }
  }
  return nullptr;
}

void ConnectionPool::make_room(const Target& target) {
  const std::string endpoint = endpoint_of(target);
  std::vector<std::unique_ptr<Connection>> others;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = idle_.begin(); it != idle_.end();) {
      if (it->endpoint == endpoint) {
        others.push_back(std::move(it->connection));
        it = idle_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (const std::unique_ptr<Connection>& other : others) other->release();
}

void ConnectionPool::give_back(const Target& target, std::unique_ptr<Connection> connection) {
  std::unique_ptr<Connection> too_many;
  if (close_delay_.count() > 0) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!stopping_) {
      idle_.push_back({key_of(target), endpoint_of(target), std::move(connection),
                       std::chrono::steady_clock::now() + close_delay_});
      if (idle_.size() > kMost) {
        too_many = std::move(idle_.front().connection);
        idle_.pop_front();
      }
      start_closer();
      changed_.notify_all();
    }
  }
  if (connection) connection->release();
  if (too_many) too_many->release();
}

void ConnectionPool::start_closer() {
  if (closer_.joinable()) return;
  try {
    closer_ = std::thread([this] { close_late(); });
  } catch (const std::system_error& error) {  // the number of idle ones is bounded; the next one tries again
    log_warning(LogCategory::kDicom, "idle associations stay open: no thread ({})", error.what());
  }
}

void ConnectionPool::close_late() {
  set_thread_name("dicom-idle");
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    if (idle_.empty()) {
      changed_.wait(lock);
      continue;
    }
    if (std::chrono::steady_clock::now() < idle_.front().until) {
      const auto until = idle_.front().until;
      changed_.wait_until(lock, until);
      continue;
    }
    const std::unique_ptr<Connection> late = std::move(idle_.front().connection);
    idle_.pop_front();
    lock.unlock();
    late->release();
    lock.lock();
  }
}

void ConnectionPool::close_all() {
  std::list<Idle> idle;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle.swap(idle_);
  }
  // A second for all of them together: peers that do not confirm must not hold up the end of the server.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (Idle& one : idle) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    one.connection->release(std::max(left, std::chrono::milliseconds(0)));
  }
}

size_t ConnectionPool::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return idle_.size();
}

}  // namespace hilum::dimse
