import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { CallOutcome } from '../rpc/types.js';

/** Seconds; Watch streams last for hours and are in +Inf. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

/** Notified by a gRPC server of its calls: fits ServeOptions. */
export interface CallMetrics {
  readonly onCallBegin: (method: string) => void;
  readonly onCall: (call: CallOutcome) => void;
}

/** Metrics of gRPC calls. Only methods of existing services have series: a client cannot invent any. */
export function addCallMetrics(registry: Registry): CallMetrics {
  const registers = [registry];
  const calls = new Counter({
    name: 'nsatlas_grpc_calls_total',
    help: 'gRPC calls that finished, by method and status code.',
    labelNames: ['method', 'code'],
    registers,
  });
  const durations = new Histogram({
    name: 'nsatlas_grpc_call_duration_seconds',
    help: 'Duration of gRPC calls.',
    labelNames: ['method'],
    buckets: BUCKETS,
    registers,
  });
  const running = new Gauge({
    name: 'nsatlas_grpc_calls_running',
    help: 'gRPC calls in progress; for method Watch, the watchers.',
    labelNames: ['method'],
    registers,
  });
  return {
    onCallBegin: (method) => running.inc({ method }),
    onCall: ({ method, code, ms }) => {
      running.dec({ method });
      calls.inc({ method, code });
      durations.observe({ method }, ms / 1000);
    },
  };
}
