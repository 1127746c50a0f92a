// Queries as filters see them, and what filters make of them.
#pragma once

#include <hilum/dicom/charset.h>
#include <hilum/dicom/parse.h>

#include "core/dimse/handlers.h"

namespace hilum::dimse {

// Asks the filters one after the other and changes the query as they say. Throws what a filter throws; HILUM_E_BAD_FORMAT,
// HILUM_E_BAD_TYPE for what a filter gives and is no query.
void filter_query(const Handlers& handlers, QueryKind kind, const Peer& peer,
                  dicom::Encoding default_encoding, const dicom::ParsedInstance& query);

}  // namespace hilum::dimse
