#include "core/plugins/library.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <hilum/cpp/error.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "core/base/files.h"

namespace hilum::plugins {

namespace {

constexpr const char* kEntry = "hilum_plugin_entry";
// What ABI 1.0 has. Later minor versions may only add behind it.
constexpr uint64_t kFirstSize = offsetof(hilum_plugin, reserved) + sizeof(const void*);
constexpr size_t kMaximumName = 64;
constexpr size_t kMaximumText = 4096;
constexpr size_t kMaximumIds = 256;

template <typename... Args>
[[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) {
  throw Error(HILUM_E_SHARED_LIBRARY, fmt::format(format, std::forward<Args>(args)...));
}

std::string bounded_text(const char* text, const char* what, size_t limit) {
  if (!text) {
    return {};
  }
  const size_t size = strnlen(text, limit + 1);
  if (size > limit) {
    refuse("the {} in its {} is longer than {} characters", what, kEntry, limit);
  }
  return {text, size};
}

std::vector<std::string> ids(const char* const* array, const char* what) {
  std::vector<std::string> result;
  for (size_t i = 0; array && array[i]; ++i) {
    if (i == kMaximumIds) {
      refuse("the list of {} services in its {} has no end", what, kEntry);
    }
    result.push_back(bounded_text(array[i], what, kMaximumText));
  }
  return result;
}

void check_name(const std::string& name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed)) {
    refuse("its name must have 1 to {} characters of a-z, 0-9, '-' and '_'", kMaximumName);
  }
}

// Size of the data object at the symbol, so that nothing is read past it. 0: it is no data object.
uint64_t object_size(const void* symbol) {
  Dl_info info{};
  void* entry = nullptr;
  if (dladdr1(symbol, &info, &entry, RTLD_DL_SYMENT) == 0 || !entry || info.dli_saddr != symbol) {
    return 0;
  }
  const auto* found = static_cast<const ElfW(Sym)*>(entry);
  return ELF64_ST_TYPE(found->st_info) == STT_OBJECT ? found->st_size : 0;
}

// The dynamic loader maps a file without looking at its size: code of a truncated one would end the process
// with SIGBUS. Other defects it finds itself.
void check_complete(const std::string& file) {
  const UniqueFd fd = open_file(file, O_RDONLY);
  const uint64_t size = file_size(fd.get(), file);
  ElfW(Ehdr) header;
  if (size < sizeof header) {
    return;
  }
  read_all_at(fd.get(), &header, sizeof header, 0, file);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_phentsize != sizeof(ElfW(Phdr))) {
    return;
  }
  const auto require = [&](uint64_t offset, uint64_t length) {
    if (offset > size || length > size - offset) {
      refuse("it is truncated: it has {} bytes, and refers to {} bytes from byte {} on", size, length,
             offset);
    }
  };
  require(header.e_shoff, uint64_t{header.e_shnum} * header.e_shentsize);
  require(header.e_phoff, uint64_t{header.e_phnum} * sizeof(ElfW(Phdr)));
  std::vector<ElfW(Phdr)> segments(header.e_phnum);
  read_all_at(fd.get(), segments.data(), segments.size() * sizeof(ElfW(Phdr)), header.e_phoff, file);
  for (const ElfW(Phdr) & segment : segments) {
    require(segment.p_offset, segment.p_filesz);
  }
}

}  // namespace

void read_descriptor(const void* entry, uint64_t available, Descriptor& result) {
  // The first three members are those of every ABI; what follows is known only for this major one.
  if (available < offsetof(hilum_plugin, name)) {
    refuse("its {} is not a plugin descriptor", kEntry);
  }
  hilum_plugin plugin{};
  std::memcpy(&plugin, entry, offsetof(hilum_plugin, name));
  const auto refuse_abi = [&] {
    refuse("it is built for plugin ABI {}.{}, this server has {}.{}", plugin.abi_major, plugin.abi_minor,
           HILUM_ABI_MAJOR, HILUM_ABI_MINOR);
  };
  if (plugin.abi_major != HILUM_ABI_MAJOR) {
    refuse_abi();
  }
  if (plugin.size < kFirstSize || plugin.size > available) {
    refuse("the size in its {} is {}, the symbol has {} bytes, and ABI {}.{} needs {}", kEntry, plugin.size,
           available, plugin.abi_major, plugin.abi_minor, kFirstSize);
  }
  std::memcpy(&plugin, entry, std::min<uint64_t>(plugin.size, sizeof plugin));

  result.version = bounded_text(plugin.version, "version", kMaximumText);
  result.description = bounded_text(plugin.description, "description", kMaximumText);
  if (plugin.abi_minor > HILUM_ABI_MINOR) {
    refuse_abi();
  }
  result.name = bounded_text(plugin.name, "name", kMaximumName);
  check_name(result.name);
  result.required = ids(plugin.required, "required");
  result.wanted = ids(plugin.wanted, "wanted");
  result.provided = ids(plugin.provided, "provided");
  result.start = plugin.start;
  result.stop = plugin.stop;
  result.service = plugin.service;
  if (!result.start) {
    refuse("its {} has no function start", kEntry);
  }
  if (!result.provided.empty() && !result.service) {
    refuse("its {} provides services but has no function service", kEntry);
  }
}

Library::Library(const std::string& file, Descriptor& descriptor) {
  check_complete(file);
  try {
    library_.load(boost::dll::fs::path(file),
                  boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
  } catch (const boost::dll::fs::system_error& error) {
    // Boost wraps the text of dlerror(); that text names the file and says what is wrong with it.
    const std::string text = error.what();
    const std::string mark = "(dlerror system message: ";
    const size_t begin = text.find(mark);
    const size_t end = text.rfind(')');
    refuse("it cannot be loaded: {}", begin == std::string::npos || end == std::string::npos
                                          ? text
                                          : text.substr(begin + mark.size(), end - begin - mark.size()));
  }
  if (!library_.has(kEntry)) {
    refuse("it has no symbol {}, so it is no plugin", kEntry);
  }
  const void* entry = &library_.get<const char>(kEntry);
  read_descriptor(entry, object_size(entry), descriptor);
}

}  // namespace hilum::plugins
