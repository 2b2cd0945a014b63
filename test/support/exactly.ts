/**
 * A pattern for the text as it stands. In what `t.throws`, `t.rejects` and `t.match` expect, a string is a part that has to
 * occur in what was found, so a message that must be this one and no longer one is given as a pattern.
 */
export function exactly(text: string): RegExp {
  return new RegExp(`^${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`);
}
