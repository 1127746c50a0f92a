// Opens a shared object and reads the plugin descriptor in it.
#pragma once

#include <hilum/plugin.h>

#include <boost/dll/shared_library.hpp>
#include <string>
#include <vector>

namespace hilum::plugins {

// The descriptor in the host's own memory: what a plugin built against this or an older minor ABI says.
struct Descriptor {
  std::string name, version, description;
  std::vector<std::string> required, wanted, provided;
  decltype(hilum_plugin::start) start = nullptr;
  decltype(hilum_plugin::stop) stop = nullptr;
  decltype(hilum_plugin::service) service = nullptr;
};

// A loaded shared object; unloads it when it goes. Nothing of it may be in use then. Not thread-safe.
class Library {
 public:
  // Loads with RTLD_NOW | RTLD_LOCAL. Throws HILUM_E_SHARED_LIBRARY with the reason: not a shared object,
  // without hilum_plugin_entry, of another ABI, or with a descriptor that cannot be true. What could be read
  // of it stands in `descriptor` all the same.
  Library(const std::string& file, Descriptor& descriptor);

 private:
  boost::dll::shared_library library_;
};

// Checks what stands at the entry symbol, of which `available` bytes exist. Throws HILUM_E_SHARED_LIBRARY;
// `result` then holds what could be read: operators want to know what it is that does not run.
void read_descriptor(const void* entry, uint64_t available, Descriptor& result);

}  // namespace hilum::plugins
