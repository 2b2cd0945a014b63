// The public model in TypeScript: exactly the proto3 JSON of proto/nsatlas/v1, where every field is explained, but for 64-bit numbers (bigint
// here, strings in JSON), byte strings (Uint8Array here, base64 in JSON). Lists that are empty are present here and left out in JSON. The types
// are generated from there; here stands what has another name, or is narrower, in the program.

import type * as proto from '../proto/gen/types.js';

export type * from '../proto/gen/types.js';
export type { CollectorWatchResponse as FabricEvent, WatchResponse as WatchEvent } from '../proto/gen/types.js';
export type { Ifindex, Nsid } from '../proto/identifiers.js';
export type { RemovedSections, Row, Section, SectionRows, Sections, Table } from '../tables/index.js';

/** "net:[4026532287]" */
export type NetnsId = string;

/** A host as it was read. In the parts of a stream the host is optional (wire/messages.ts). */
export interface HostSnapshot extends proto.HostSnapshot {
  host: proto.Host;
}

/** What a list answers: the shape of every List* message and of `-o json`. */
export interface Listing<Item> {
  items: Item[];
  gaps: proto.Gap[];
  freshness?: proto.Freshness;
  /** Of a collector's answer. */
  fabric?: proto.FabricAge;
}
