import type { Feature, HostAge, HostSnapshot, Listing } from '../model/types.js';
import type { ItemOf, ListedName } from '../wire/messages.js';

/** A host that a list is built from; `state` and age if a collector reports them. */
export type ListedHost = Pick<HostAge, 'host' | 'hostName'> & Partial<HostAge>;

interface ListOf<Name extends ListedName> {
  readonly name: Name;
  readonly listing: Listing<ItemOf<Name>>;
  /** The hosts of the list, if there can be several: each line then names its host. Not part of the JSON. */
  readonly hosts?: readonly ListedHost[];
}

/** One of the lists, with its name so that an output knows what it has. */
export type ListDocument = { [Name in ListedName]: ListOf<Name> }[ListedName];

/** What a command shows. */
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

/** What a piece of text says by its colour. */
export type Mood = 'good' | 'bad' | 'dim' | 'changed';

/** Colours a text. */
export type Paint = (mood: Mood, text: string) => string;

export interface RenderOptions {
  /** For a reader that is a terminal with colours. */
  readonly paint?: Paint | undefined;
}

/** One format of `-o`. One file each, named by the format's word, found through registry.gen.ts. */
export interface Output {
  /** The word after -o. */
  readonly format: string;
  /** One line for --help. */
  readonly help: string;
  /**
   * The complete text, ending with a newline, in pieces that are generated on demand: a text can have millions of characters. Safe to
   * write to a terminal whatever names it contains.
   */
  render(document: Document, options: RenderOptions): Iterable<string>;
}
