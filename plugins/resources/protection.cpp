#include "protection.h"

#include <hilum/rest/arguments.h>

namespace hilum::resources {

void get_protected(Call& call) {
  Snapshot snapshot = call.services.index.snapshot();
  std::optional<Resource> patient = snapshot.find(call.id(), HILUM_PATIENT);
  if (!patient) throw Error(HILUM_E_OUT_OF_RANGE, "there is no patient of this id");
  call.answer.text(patient->is_protected() ? "1" : "0");
}

void put_protected(Call& call) {
  call.services.index.set_protected(call.id(), boolean_body(call.request));
  call.answer.empty();
}

}  // namespace hilum::resources
