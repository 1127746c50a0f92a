// A plugin as a C++ class: constructed by start, destroyed by stop.
//
//   class Hello {
//    public:
//     static constexpr const char* kRequired[] = {HILUM_HTTP_V1, nullptr};
//     explicit Hello(hilum::Host host) : routes_(host) {
//       routes_.add({HILUM_GET, "/hello", "Says hello", HILUM_ANSWER_TEXT, HILUM_PERMISSION_STATUS}, ...);
//     }
//   };
//   HILUM_PLUGIN(Hello, "hello", "1.0", "Says hello")
//
// Optional members: kWanted and kProvided (arrays of ids that end with nullptr), and `const void*
// service(const char* id)` for what is provided. An exception out of the constructor refuses the plugin, with
// its text as the reason.
#pragma once

#include <hilum/cpp/host.h>

#include <memory>
#include <type_traits>

namespace hilum {

namespace detail {

#define HILUM_DETAIL_IDS(member)                           \
  template <typename T, typename = void>                   \
  struct member##Of {                                      \
    static constexpr const char* const* value = nullptr;   \
  };                                                       \
  template <typename T>                                    \
  struct member##Of<T, std::void_t<decltype(T::member)>> { \
    static constexpr const char* const* value = T::member; \
  };
HILUM_DETAIL_IDS(kRequired)
HILUM_DETAIL_IDS(kWanted)
HILUM_DETAIL_IDS(kProvided)
#undef HILUM_DETAIL_IDS

template <typename T, typename = void>
struct HasService : std::false_type {};
template <typename T>
struct HasService<T, std::void_t<decltype(std::declval<T&>().service(""))>> : std::true_type {};

template <typename T>
struct PluginAdapter {
  static int32_t start(const hilum_host* host, void** state) {
    return Host(host).guard([&] { *state = new T(Host(host)); });
  }
  static void stop(const hilum_host* host, void* state) {
    (void)Host(host).guard([&] { delete static_cast<T*>(state); });
  }
  static const void* service(void* state, const char* id) {
    if constexpr (HasService<T>::value) {
      return static_cast<T*>(state)->service(id);
    } else {
      (void)state;
      (void)id;
      return nullptr;
    }
  }
};

}  // namespace detail

}  // namespace hilum

#define HILUM_PLUGIN(type, name, version, description)                                              \
  extern "C" const hilum_plugin hilum_plugin_entry = {sizeof(hilum_plugin),                         \
                                                      HILUM_ABI_MAJOR,                              \
                                                      HILUM_ABI_MINOR,                              \
                                                      name,                                         \
                                                      version,                                      \
                                                      description,                                  \
                                                      hilum::detail::kRequiredOf<type>::value,      \
                                                      hilum::detail::kWantedOf<type>::value,        \
                                                      hilum::detail::kProvidedOf<type>::value,      \
                                                      &hilum::detail::PluginAdapter<type>::start,   \
                                                      &hilum::detail::PluginAdapter<type>::stop,    \
                                                      &hilum::detail::PluginAdapter<type>::service, \
                                                      nullptr};
