// How jemalloc, which the program is linked to, behaves unless MALLOC_CONF says otherwise (jemalloc(3), TUNING).

// What an instance on its way needs (at most 1 MB, then it is in a file) is used again by the next one: a page fault for
// each 4 KB of each instance would cost more than all else that is done with it. What is freed goes back to the system
// after a second, by a thread that nobody waits for, so that a burst of large requests does not stay in memory. A few arenas
// serve any number of threads.
extern "C" __attribute__((visibility("default"))) const char* malloc_conf;
const char* malloc_conf = "background_thread:true,dirty_decay_ms:1000,muzzy_decay_ms:0,narenas:4";
