// The C++ wrapper as a whole.
#pragma once

#include <hilum/cpp/attachments.h>
#include <hilum/cpp/changes.h>
#include <hilum/cpp/config.h>
#include <hilum/cpp/error.h>
#include <hilum/cpp/events.h>
#include <hilum/cpp/host.h>
#include <hilum/cpp/http.h>
#include <hilum/cpp/index.h>
#include <hilum/cpp/ingest.h>
#include <hilum/cpp/log.h>
#include <hilum/cpp/metrics.h>
#include <hilum/cpp/plugin.h>
#include <hilum/cpp/rest.h>
