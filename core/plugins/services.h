// The server's own services: one file each, <name>_service.cpp, with the constant table of the ABI.
#pragma once

#include "core/plugins/plugin.h"

namespace hilum::plugins {

const void* attachments_table();
const void* batches_table();
const void* changes_table();
const void* commitment_table();
const void* config_table();
const void* decoder_table();
const void* encoder_table();
const void* events_table();
const void* filters_table();
const void* http_table();
const void* index_table();
const void* ingest_table();
const void* log_table();
const void* metrics_table();
const void* modalities_table();
const void* move_jobs_table();
const void* query_filters_table();
const void* query_table();
const void* records_table();
const void* rest_table();
const void* scu_table();
const void* server_table();
const void* settings_table();
const void* worklists_table();

}  // namespace hilum::plugins
