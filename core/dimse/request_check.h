// Looks at an A-ASSOCIATE-RQ before DCMTK does.
#pragma once

#include <string_view>

namespace hilum::dimse {

// Whether the body of an A-ASSOCIATE-RQ (what follows the head of the PDU) is one in its structure: items that lie within each
// other, of lengths that their kinds can have. What is in them is for the negotiation (PS3.8 section 9.3.2, PS3.7 annex D.3.3). DCMTK sees to that, too, but forgets the
// memory of what it had read until then: anybody could have us lose as much of it as they like.
bool is_well_formed_request(std::string_view body);

}  // namespace hilum::dimse
