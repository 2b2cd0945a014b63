import type { Server, ServerDuplexStream, ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { descriptorsOf } from '../wire/descriptors.js';

/**
 * Adds grpc.reflection.v1 and v1alpha to a server. @grpc/reflection expects what proto-loader loads, and proto-loader's descriptors have
 * no map fields and no google.protobuf (fullstorydev/grpcurl#519); so it gets the compiler's own, in the form that it
 * reads.
 * @param services full names of what is served
 * @returns ends the calls: clients keep them open for as long as they like
 */
export function addReflection(server: Pick<Server, 'addService'>, services: readonly string[]): () => void {
  const format = 'Protocol Buffer 3 DescriptorProto';
  const service = new ReflectionService({ files: { format, type: {}, fileDescriptorProtos: descriptorsOf(services) } });
  const open = new Set<Call>();
  const guarded = {
    addService: (definition: ServiceDefinition, handlers: UntypedServiceImplementation): void =>
      server.addService(definition, { ServerReflectionInfo: guard(handlers['ServerReflectionInfo'] as Handler, open) }),
  };
  // It calls nothing but addService.
  service.addToServer(guarded);
  return () => {
    for (const call of open) call.end();
  };
}

type Call = ServerDuplexStream<unknown, unknown>;
type Handler = (call: Call) => void;

/**
 * The package answers each request at once, however many answers the client has not read yet: with this, requests wait while
 * answers do.
 */
function guard(handler: Handler, open: Set<Call>): Handler {
  return (call) => {
    open.add(call);
    for (const event of ['cancelled', 'close', 'finish']) call.once(event, () => open.delete(call));
    const write = call.write.bind(call) as (message: unknown) => boolean;
    call.write = (message: unknown): boolean => {
      // After drain() has ended the call, a request may still come.
      if (call.writableEnded) return false;
      const more = write(message);
      if (!more) {
        call.pause();
        call.once('drain', () => call.resume());
      }
      return more;
    };
    handler(call);
  };
}
