# hilum_add_plugin(<name> <sources>...)
#
# A plugin <name>.so against Hilum::sdk. It exports nothing but its descriptor (hilum-plugin.map): what it links
# statically stays its own, also when another plugin links another version of it.

function(hilum_add_plugin name)
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/hilum-plugin.map)
  add_library(${name} MODULE ${ARGN})
  target_link_libraries(${name} PRIVATE Hilum::sdk)
  target_link_options(${name} PRIVATE -Wl,--version-script=${map})
  set_target_properties(${name} PROPERTIES PREFIX "" POSITION_INDEPENDENT_CODE ON
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${map})
endfunction()
