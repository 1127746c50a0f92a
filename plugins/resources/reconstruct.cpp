#include "reconstruct.h"

#include <hilum/cpp/ingest.h>
#include <hilum/rest/reconstruct_options.h>

namespace hilum::resources {

void reconstruct(Call& call) {
  const ReconstructOptions options = reconstruct_options(call.request);
  Ingest(call.services.host).reconstruct(call.id(), options.files, options.only_own_level);
  call.answer.empty();
}

}  // namespace hilum::resources
