/* hilum.metrics/1: numbers for operators (`GET /tools/metrics-prometheus`). C99. */
#ifndef HILUM_METRICS_H
#define HILUM_METRICS_H

#include "plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HILUM_METRICS_V1 "hilum.metrics/1"

typedef struct hilum_metrics_v1 {
  /* Adds to a counter, sets a gauge, records a duration. Names have the form of Prometheus
   * ([a-zA-Z_:][a-zA-Z0-9_:]*, else HILUM_E_OUT_OF_RANGE), with the unit at their end.
   * [any] */
  int32_t (*add)(const hilum_host* host, hilum_text name, uint64_t amount);
  int32_t (*set)(const hilum_host* host, hilum_text name, double value);
  int32_t (*observe_ms)(const hilum_host* host, hilum_text name, double milliseconds);
} hilum_metrics_v1;

#ifdef __cplusplus
}
#endif
#endif
