/**
 * What functions need of prom-client. As a whole it would load Node's TLS and OpenTelemetry's API too, which nobody here asks for: 20 ms of a start.
 */
export type { Metric } from 'prom-client'
export { default as Counter } from 'prom-client/lib/counter.js'
export { default as Gauge } from 'prom-client/lib/gauge.js'
export { default as Histogram } from 'prom-client/lib/histogram.js'
export { default as Registry } from 'prom-client/lib/registry.js'
