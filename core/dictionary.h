// The option `Dictionary`: DICOM tags that the toolkit does not know.
#pragma once

#include "core/config/configuration.h"

namespace hilum {

// Puts the configuration's tags into the process's dictionary, in place of those of an earlier call. Before
// any other thread runs: what is looked up may be kept. Throws HILUM_E_OUT_OF_RANGE for a bad VR,
// HILUM_E_BAD_TYPE for an entry of another form; both name the entry.
void extend_dictionary(const config::Configuration& configuration);

}  // namespace hilum
