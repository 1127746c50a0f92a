/* Hilum's plugin SDK: the stable part and the drafts, which may still change. C99. */
#ifndef HILUM_ALL_H
#define HILUM_ALL_H

#include "draft/batches.h"
#include "draft/decoder.h"
#include "draft/encoder.h"
#include "draft/jobs.h"
#include "draft/query.h"
#include "draft/records.h"
#include "draft/server.h"
#include "draft/settings.h"
#include "hilum.h"

#endif
