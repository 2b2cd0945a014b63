import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import { NsatlasError } from '../../../text/error.js';
import { clipped, NAME_LENGTH } from '../../../text/printable.js';
import { parseAddress } from './address.js';
import { MOST_TARGETS } from './types.js';

/** A file of agents that cannot be used. The message is one line for people and names the line of the file. */
export class AgentsFileError extends NsatlasError<'ERR_NSATLAS_AGENTS_FILE'> {
  /** From 1. */
  readonly line: number;

  constructor(line: number, message: string) {
    super('ERR_NSATLAS_AGENTS_FILE', `line ${line}: ${message}`);
    this.line = line;
  }
}

/** Most aliases that may be resolved: none is needed, and nested ones grow without limit. */
const MOST_ALIASES = 100;

/**
 * The addresses in a file of agents, YAML or JSON (which is YAML): a list, or a list under `agents`, of HOST:PORT or unix:PATH, each as a
 * text or as `address` of an object, whose other members are left to others.
 * @throws AgentsFileError
 */
export function parseAgentsFile(text: string): string[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true, logLevel: 'silent' });
  const at = (offset: number): number => lines.linePos(offset).line;
  const [broken] = document.errors;
  if (broken !== undefined)
    throw new AgentsFileError(at(broken.pos[0]), `this is neither YAML nor JSON: ${clipped(broken.message, NAME_LENGTH)}`);
  // Aliases are looked up as they are met, so that what they stand for is not copied.
  let aliases = 0;
  const resolve = (node: unknown): Node | undefined => {
    let found = node as Node | null | undefined;
    while (found !== null && found !== undefined && 'source' in found && 'resolve' in found) {
      if (++aliases > MOST_ALIASES) throw new AgentsFileError(lineOf(found, at), `more than ${MOST_ALIASES} aliases`);
      found = found.resolve(document);
    }
    return found ?? undefined;
  };

  const root = resolve(document.contents);
  const list = isMap(root) ? resolve(root.get('agents', true)) : root;
  if (!isSeq(list)) {
    const line = list === undefined ? 1 : lineOf(list, at);
    throw new AgentsFileError(line, 'there is no list of agents; write [] for none, or one "- HOST:PORT" per line');
  }
  if (list.items.length > MOST_TARGETS) {
    throw new AgentsFileError(lineOf(list, at), `${list.items.length} agents, and ${MOST_TARGETS} is the most`);
  }
  return list.items.map((item) => {
    const node = resolve(item);
    const value = isMap(node) ? resolve(node.get('address', true)) : node;
    const given = isScalar(value) && typeof value.value === 'string' ? value.value : undefined;
    const address = given === undefined ? undefined : parseAddress(given);
    if (address !== undefined) return address;
    const what = given === undefined ? 'an agent without an address' : `"${clipped(given, 80)}" is not an agent address`;
    throw new AgentsFileError(
      lineOf(value ?? node ?? list, at),
      `${what}; give HOST:PORT (10.0.0.1:7117, or "[fd00::1]:7117" in quotes) or unix:PATH`,
    );
  });
}

function lineOf(node: Node, at: (offset: number) => number): number {
  return node.range === undefined || node.range === null ? 1 : at(node.range[0]);
}
