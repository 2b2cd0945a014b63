import type { Described, Fact } from '../contract.js';

/**
 * The facts that these attributes are, in the order given: "mode", or "id=vni" for one that people know by another name. Left out is what
 * the link does not say, a flag that is off, and the "any" of a tunnel's end.
 */
export function named({ attributes }: Described, ...specs: readonly string[]): Fact[] {
  return specs.flatMap((spec) => {
    const [attribute = spec, name = attribute] = spec.split('=');
    const value = attributes[attribute];
    return value === undefined || value === 'false' || value === 'any' ? [] : [{ name, value }];
  });
}
