#include "core/base/thread_priority.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hilum {

void lower_thread_priority() {
  constexpr int kNice = 5;
  thread_local bool is_lowered = false;
  if (!is_lowered) {
    is_lowered = true;
    // On Linux the priority of "a process" is that of one thread. Failure (a server that is nicer already) does no harm.
    const auto thread = static_cast<id_t>(syscall(SYS_gettid));
    if (getpriority(PRIO_PROCESS, thread) < kNice) {
      setpriority(PRIO_PROCESS, thread, kNice);
    }
  }
}

}  // namespace hilum
