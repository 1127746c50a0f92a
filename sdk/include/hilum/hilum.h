/* Hilum's plugin SDK: everything that is stable. C99. Start with plugin.h. */
#ifndef HILUM_HILUM_H
#define HILUM_HILUM_H

#include "abi.h"
#include "attachments.h"
#include "changes.h"
#include "config.h"
#include "events.h"
#include "http.h"
#include "index.h"
#include "ingest.h"
#include "log.h"
#include "metrics.h"
#include "plugin.h"
#include "rest.h"

#endif
