import type { ListName, Lists } from '../model/lists.js';
import type { HostSnapshot, Listing } from '../model/types.js';
import type { Feature } from '../scan/types.js';

type ItemOf<Name extends ListName> = Lists[Name] extends { list(...args: never[]): Listing<infer Item> } ? Item : never;

/** One of the lists, with its name so that an output knows what it has. */
export type ListDocument = { [Name in ListName]: { readonly name: Name; readonly listing: Listing<ItemOf<Name>> } }[ListName];

/** What a command has to show. */
export type Document =
  | ListDocument
  | { readonly name: 'snapshot'; readonly snapshot: HostSnapshot }
  | { readonly name: 'doctor'; readonly report: DoctorReport };

/** This installation: what works and what does not. */
export interface DoctorReport {
  readonly version: string;
  readonly node: string;
  readonly kernel: string;
  readonly features: readonly Feature[];
}

export interface RenderOptions {
  /** Whether the reader is a terminal that shows colours. */
  readonly colour: boolean;
}

/** One format of `-o`. One file each, named by the format's word, found through registry.gen.ts. */
export interface Output {
  /** The word after -o. */
  readonly format: string;
  readonly mediaType: string;
  /** One line for --help. */
  readonly help: string;
  /** The whole text, ending with a newline. Safe to write to a terminal whatever the names in it. */
  render(document: Document, options: RenderOptions): string;
  /** The same in pieces, each made when it is asked for; for formats whose text can be millions of characters. */
  renderPieces?(document: Document): Iterable<string>;
}
