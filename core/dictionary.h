// The options `Dictionary`, `ExternalDictionaries` and `LoadPrivateDictionary`: which DICOM tags are known.
#pragma once

#include "core/config/configuration.h"

namespace hilum {

// Makes the process's dictionary as the configuration wants it, whatever an earlier call made of it. Before
// any other thread runs: what is looked up may be kept. Throws HILUM_E_OUT_OF_RANGE for a bad VR or a file
// that is no dictionary, HILUM_E_BAD_TYPE for an entry of another form; they name the entry or the file.
void extend_dictionary(const config::Configuration& configuration);

}  // namespace hilum
