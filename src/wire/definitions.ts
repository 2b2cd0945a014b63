import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import { decode, encode } from './codec.js';
import { SERVICES } from './gen/schema.js';
import type { MessageName, Messages } from './messages.js';
import { toBuffer } from './scalars.js';
import { inProto, type MethodSchema } from './schema.js';

/** A request as a handler gets it: one that does not decode is the handler's to refuse, because grpc-js would call it INTERNAL. */
export type Received<Name extends MessageName> = { readonly message: Messages[Name] } | { readonly problem: Error };

/**
 * The methods of a service for grpc-js's Server. Requests come as Received; responses are handed over encoded, so that what
 * is wrong with one is known to the handler.
 */
export function serviceDefinition(service: string): ServiceDefinition {
  const methods = inProto('service', SERVICES, service);
  return Object.fromEntries(methods.map((method) => [method.name, methodDefinition(service, method)]));
}

/** "/nsatlas.v1.Agent/ListFdb" */
export function methodPath(service: string, method: string): string {
  return `/${service}/${method}`;
}

function methodDefinition(service: string, method: MethodSchema): MethodDefinition<unknown, unknown> {
  return {
    path: methodPath(service, method.name),
    originalName: method.name,
    requestStream: method.requestStream,
    responseStream: method.responseStream,
    requestSerialize: (request: unknown) => encode(method.request as MessageName, request as Messages[MessageName]),
    requestDeserialize: (bytes) => receive(method.request as MessageName, bytes),
    responseSerialize: (response: unknown) => toBuffer(response as Uint8Array),
    responseDeserialize: (bytes) => decode(method.response as MessageName, bytes),
  };
}

function receive<Name extends MessageName>(name: Name, bytes: Uint8Array): Received<Name> {
  try {
    return { message: decode(name, bytes) };
  } catch (cause) {
    return { problem: cause as Error };
  }
}
