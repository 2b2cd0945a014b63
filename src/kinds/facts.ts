import type { Described, Fact, LinkKind } from './contract.js';
import { KINDS } from './registry.gen.js';

/** A link of the public model, as far as its kind looks at it. */
export interface DescribedLink extends Described {
  readonly kind?: string | undefined;
}

/** The link's kind; undefined for links without one and for kinds that this release does not know. */
export function kindOf({ kind }: { readonly kind?: string | undefined }): LinkKind | undefined {
  return kind === undefined ? undefined : KINDS.get(kind);
}

/** What people want to know of a link because of its kind, the most important first. */
export function factsOf(link: DescribedLink): readonly Fact[] {
  return kindOf(link)?.facts?.(link) ?? [];
}

/** Facts on one line, "vni 4097 port 4789 learning"; undefined when there are none. A flag that is on is its name. */
export function factWords(facts: readonly Fact[]): string | undefined {
  return facts.map(({ name, value }) => (value === 'true' ? name : `${name} ${value}`)).join(' ') || undefined;
}

/** The message that the link's kind has in the public model; undefined for kinds whose details are attributes. */
export function messageOf(link: DescribedLink): Readonly<Record<string, string | number | boolean>> | undefined {
  const typed = kindOf(link)?.typed;
  return typed === undefined ? undefined : { ...link[typed.field] };
}
