import { type sendUnaryData, type Server, type ServerUnaryCall, type ServerWritableStream, status } from '@grpc/grpc-js';
import { encode } from '../wire/codec.js';
import { type Received, serviceDefinition } from '../wire/definitions.js';
import type { ServingStatus } from '../wire/messages.js';

/** grpc.health.v1.Health of a server. */
export interface Health {
  /** Sets a status and notifies watchers. "" is the entire server. */
  set(service: string, serving: boolean): void;
  /** Sets everything to NOT_SERVING for good, and notifies and ends all watchers. */
  drain(): void;
  addTo(server: Server): void;
}

type Check = Received<'grpc.health.v1.HealthCheckRequest'>;
type Watcher = ServerWritableStream<Check, Uint8Array>;

/** Most services that can be watched at once; each watcher is a call that does not end. */
const MAX_WATCHERS = 100;

/** Of a server that serves; its services are set. */
export function createHealth(): Health {
  const states = new Map<string, boolean>([['', true]]);
  const watchers = new Map<Watcher, string>();
  let draining = false;

  const stateOf = (service: string): ServingStatus => {
    const serving = states.get(service);
    if (serving === undefined) return 'SERVICE_UNKNOWN';
    return serving && !draining ? 'SERVING' : 'NOT_SERVING';
  };
  const send = (watcher: Watcher, service: string): void => {
    watcher.write(response(stateOf(service)));
  };

  const check = (call: ServerUnaryCall<Check, Uint8Array>, callback: sendUnaryData<Uint8Array>): void => {
    if ('problem' in call.request) {
      callback({ code: status.INVALID_ARGUMENT, details: `the request ${call.request.problem.message}` });
      return;
    }
    const { service } = call.request.message;
    const state = stateOf(service);
    if (state === 'SERVICE_UNKNOWN')
      callback({ code: status.NOT_FOUND, details: `no service ${JSON.stringify(service.slice(0, 80))} here` });
    else callback(null, response(state));
  };

  // An unknown service is watched, too: grpc/health/v1/health.proto, Watch.
  const watch = (call: Watcher): void => {
    if ('problem' in call.request) {
      call.emit('error', { code: status.INVALID_ARGUMENT, details: `the request ${call.request.problem.message}` });
      return;
    }
    if (watchers.size >= MAX_WATCHERS) {
      call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: `${MAX_WATCHERS} calls watch already; use Check` });
      return;
    }
    const { service } = call.request.message;
    watchers.set(call, service);
    for (const event of ['cancelled', 'close', 'finish']) call.once(event, () => watchers.delete(call));
    send(call, service);
    if (draining) call.end();
  };

  const list = (_call: unknown, callback: sendUnaryData<Uint8Array>): void => {
    const statuses = Object.fromEntries([...states.keys()].map((service) => [service, { status: stateOf(service) }]));
    callback(null, encode('grpc.health.v1.HealthListResponse', { statuses }));
  };

  return {
    set: (service, serving) => {
      if (states.get(service) === serving) return;
      states.set(service, serving);
      if (draining) return;
      for (const [watcher, watched] of watchers) if (watched === service) send(watcher, service);
    },
    drain: () => {
      draining = true;
      for (const [watcher, service] of watchers) {
        send(watcher, service);
        watcher.end();
      }
    },
    addTo: (server) => server.addService(serviceDefinition('grpc.health.v1.Health'), { Check: check, Watch: watch, List: list }),
  };
}

function response(state: ServingStatus): Uint8Array {
  return encode('grpc.health.v1.HealthCheckResponse', { status: state });
}
