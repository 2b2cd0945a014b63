import { DESCRIPTORS } from './gen/descriptors.js';
import { SERVICE_FILES } from './gen/schema.js';
import { Reader } from './reader.js';
import { toBuffer } from './scalars.js';

/** Files of services that every server has. */
const ALWAYS = /^grpc\//;

/**
 * The google.protobuf.FileDescriptorProtos of a server of these services: what it does not serve it does not describe either.
 * @param services full names
 */
export function descriptorsOf(services: readonly string[]): Buffer[] {
  const served = new Set(services.map((name) => SERVICE_FILES[name]));
  const left = new Set(Object.values(SERVICE_FILES).filter((file) => !served.has(file) && !ALWAYS.test(file)));
  return fileDescriptors().filter((file) => !left.has(nameOf(file)));
}

/** `optional string name = 1` of a FileDescriptorProto, which the compiler writes first. */
function nameOf(file: Buffer): string {
  const reader = new Reader(file);
  reader.tag();
  return reader.string(file.length);
}

/**
 * The google.protobuf.FileDescriptorProtos of everything that can be served, each as it was compiled, with comments; a file comes
 * after those that it imports. Taken out of the FileDescriptorSet as bytes: decoding and encoding them again is where others
 * lose map fields.
 */
export function fileDescriptors(): Buffer[] {
  const set = Buffer.from(DESCRIPTORS, 'base64');
  const reader = new Reader(set);
  const files: Buffer[] = [];
  while (reader.pos < set.length) {
    // FileDescriptorSet has one field: `repeated FileDescriptorProto file = 1` (google/protobuf/descriptor.proto).
    reader.tag();
    files.push(toBuffer(reader.bytes(set.length)));
  }
  return files;
}
