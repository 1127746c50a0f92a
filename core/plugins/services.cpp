#include "core/plugins/services.h"

#include <hilum/all.h>

#include <utility>

namespace hilum::plugins {

const void* core_service(std::string_view id) {
  using Entry = std::pair<std::string_view, const void* (*)()>;
  static constexpr Entry kServices[] = {
      {HILUM_HTTP_V1, &http_table},
      {HILUM_INDEX_V1, &index_table},
      {HILUM_ATTACHMENTS_V1, &attachments_table},
      {HILUM_CHANGES_V1, &changes_table},
      {HILUM_INGEST_V1, &ingest_table},
      {HILUM_CONFIG_V1, &config_table},
      {HILUM_LOG_V1, &log_table},
      {HILUM_EVENTS_V1, &events_table},
      {HILUM_FILTERS_V1, &filters_table},
      {HILUM_REST_V1, &rest_table},
      {HILUM_METRICS_V1, &metrics_table},
      {HILUM_QUERY_DRAFT, &query_table},
      {HILUM_DECODERS_DRAFT, &decoder_table},
      {HILUM_ENCODERS_DRAFT, &encoder_table},
      {HILUM_RECORDS_DRAFT, &records_table},
      {HILUM_BATCHES_DRAFT, &batches_table},
      {HILUM_SERVER_DRAFT, &server_table},
      {HILUM_SETTINGS_DRAFT, &settings_table},
      {HILUM_MODALITIES_DRAFT, &modalities_table},
      {HILUM_SCU_DRAFT, &scu_table},
      {HILUM_QUERY_FILTERS_DRAFT, &query_filters_table},
      {HILUM_WORKLISTS_DRAFT, &worklists_table},
      {HILUM_MOVE_JOBS_DRAFT, &move_jobs_table},
      {HILUM_COMMITMENT_DRAFT, &commitment_table},
  };
  for (const Entry& entry : kServices) {
    if (entry.first == id) {
      return entry.second();
    }
  }
  return nullptr;
}

}  // namespace hilum::plugins
