import type { ListName } from '../model/lists.js';
import type { Feature, HostAge, HostSnapshot, Listing } from '../model/types.js';
import type { FabricItemOf, FabricListName, ItemOf } from '../wire/messages.js';

/** Every list of the command line: the word of its command. */
export type ListedName = ListName | FabricListName;

/** An item of a list. */
export type ListedItem<Name extends ListedName> = Name extends FabricListName
  ? FabricItemOf<Name>
  : Name extends ListName
    ? ItemOf<Name>
    : never;

/** A host that a list is built from; `state` and age if a collector reports them. */
export type ListedHost = Pick<HostAge, 'host' | 'hostName'> & Partial<HostAge>;

interface ListOf<Name extends ListedName> {
  readonly name: Name;
  readonly listing: Listing<ListedItem<Name>>;
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
  readonly mediaType: string;
  /** One line for --help. */
  readonly help: string;
  /** The complete text, ending with a newline. Safe to write to a terminal whatever names it contains. */
  render(document: Document, options: RenderOptions): string;
  /** The same in pieces, each generated on demand; for formats whose text can have millions of characters. */
  renderPieces?(document: Document): Iterable<string>;
}
