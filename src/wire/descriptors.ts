import { DESCRIPTORS } from './gen/descriptors.js';
import { SERVICE_FILES } from './gen/schema.js';

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

/** `optional string name = 1` of a FileDescriptorProto, which the compiler writes first; shorter than 128 bytes here. */
function nameOf(file: Buffer): string {
  return file.toString('utf8', 2, 2 + (file[1] ?? 0));
}

/**
 * The google.protobuf.FileDescriptorProtos of everything that can be served, each as it was compiled, with comments; a file comes
 * after those that it imports. Taken out of the FileDescriptorSet as bytes: decoding and encoding them again is where others
 * lose map fields.
 */
export function fileDescriptors(): Buffer[] {
  const set = Buffer.from(DESCRIPTORS, 'base64');
  const files: Buffer[] = [];
  let at = 0;
  while (at < set.length) {
    // FileDescriptorSet has one field: `repeated FileDescriptorProto file = 1` (google/protobuf/descriptor.proto).
    if (set[at] !== 0x0a) throw new Error('the generated descriptors are no FileDescriptorSet; run `npm run build`');
    at += 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = set[at++] ?? 0;
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    files.push(set.subarray(at, at + length));
    at += length;
  }
  return files;
}
