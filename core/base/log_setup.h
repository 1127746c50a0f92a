// Where log lines go, and the names of threads in them. Called by main.cpp; before log_init, lines go to
// stderr.
#pragma once

#include <string>
#include <string_view>

namespace hilum {

struct LogOptions {
  std::string file;  // --logfile: append to this file instead of stderr
  std::string
      directory;  // --logdir: a new file Hilum.log.YYYYMMDD-hhmmss.PID there, and the link Hilum.log to it
  bool thread_names = true;  // --logs-no-thread: false
  enum class Journal {
    kDetect,
    kOn,
    kOff
  } journal = Journal::kDetect;  // lines as journald reads them: <N>, no time
};

// Opens the destination. May be called again (restart): the previous destination is closed after the new one
// is open. Throws Error: HILUM_E_CANNOT_WRITE (file), HILUM_E_DIRECTORY_EXPECTED (directory).
void log_init(const LogOptions& options);
// Writes buffered lines and returns to stderr.
void log_close();

// Names the calling thread in log lines and, cut to 15 bytes, in the operating system.
void set_thread_name(std::string_view name);

}  // namespace hilum
