// DCMTK's process-wide state, set in one place.
#pragma once

namespace hilum::dimse {

// To be called once, first thing in main, before any thread is started: TCP_NODELAY in the environment (the
// library reads it for every socket), log output to Hilum's log (errors only), no reverse DNS look-ups,
// socket time limits. Throws Error(HILUM_E_SYSTEM) if the data dictionary cannot be found.
void configure_dcmtk();

}  // namespace hilum::dimse
