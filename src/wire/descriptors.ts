import { DESCRIPTORS } from './gen/descriptors.js';

/**
 * The google.protobuf.FileDescriptorProtos of everything that is served, each as it was compiled, with comments; a file comes
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
