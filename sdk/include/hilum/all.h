/* Hilum's plugin SDK: the stable part and the drafts, which may still change. C99. */
#ifndef HILUM_ALL_H
#define HILUM_ALL_H

#include "draft/batches.h"
#include "draft/commitment.h"
#include "draft/decoder.h"
#include "draft/encoder.h"
#include "draft/jobs.h"
#include "draft/modalities.h"
#include "draft/move_jobs.h"
#include "draft/query.h"
#include "draft/query_filters.h"
#include "draft/records.h"
#include "draft/scu.h"
#include "draft/server.h"
#include "draft/settings.h"
#include "draft/worklists.h"
#include "hilum.h"

#endif
