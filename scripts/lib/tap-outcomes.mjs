// Reads the TAP that a test file prints, and counts its tests: not its assertions, of which a test has many.
import { Parser } from 'tap-parser';

/** The longest failure text that is kept of one test, in characters. */
const MAX_FAILURE = 6000;

/** Why a test that --grep leaves out is skipped (grep.mjs); such tests are not counted. */
export const NOT_SELECTED = 'not selected';

/** What a failed assertion shows beside its name; the rest (options, source excerpts) repeats the stack. */
const SHOWN = [
  'diff',
  'found',
  'wanted',
  'doNotWant',
  'compare',
  'note',
  'error',
  'signal',
  'expired',
  'cause',
  'tapError',
  'stack',
];

/**
 * @typedef {{kind: 'pass' | 'fail' | 'skip', name: string, ms: number, failure?: string, reason?: string}} Outcome
 *   of a test without tests of its own. A test that has some is counted by them, and by itself only when it failed for a reason
 *   of its own. A test or an assertion that is skipped or not written yet is one skip.
 */
export class TapOutcomes {
  /** @type {Outcome[]} */
  outcomes = [];
  /** What was printed that is no TAP. */
  output = '';
  #parser = new Parser();
  #root = this.#level(this.#parser, []);

  /** @param {string} text the next part of what the file printed, cut anywhere */
  write(text) {
    this.#parser.write(text);
  }

  /**
   * Call it when the file has ended.
   * @returns {string | undefined} what is wrong with the TAP as such: no plan, another number of tests than planned, Bail out
   */
  end() {
    this.#parser.end();
    const { results, bailedOut } = this.#parser;
    this.#close(this.#root, { ok: true, name: '', time: 0 });
    if (bailedOut) return `bailed out: ${bailedOut}`;
    const errors = results.failures.filter(({ tapError }) => tapError).map(({ tapError }) => tapError);
    if (errors.length > 0) return errors.join('\n');
    if (!results.ok && !this.outcomes.some(({ kind }) => kind === 'fail')) return 'its TAP says that it failed';
    return undefined;
  }

  #level(parser, path) {
    const level = { path, points: [], children: 0, failed: 0, open: undefined };
    parser.on('extra', (text) => {
      this.output += text;
    });
    parser.on('child', (child) => {
      level.children += 1;
      level.open = this.#level(child, [...path, child.name]);
      level.open.parser = child;
    });
    parser.on('assert', (result) => {
      const child = level.open;
      level.open = undefined;
      if (child !== undefined) {
        if (!this.#close(child, result)) level.failed += 1;
        return;
      }
      level.points.push(result);
      if (isSkip(result)) this.#skip([...path, result.name].join(' › '), result);
    });
    return level;
  }

  /** Counts a test that has ended with `result`. @returns {boolean} whether all is well in it */
  #close(level, result) {
    const { path, points, children, failed } = level;
    const name = path.join(' › ');
    const mine = points.filter((point) => !isSkip(point));
    if (isSkip(result)) {
      this.#skip(name, result);
      return true;
    }
    const wrong = mine.filter(({ ok }) => !ok);
    const errors = level.parser?.results?.failures.filter(({ tapError }) => tapError) ?? [];
    const isOk = result.ok && wrong.length === 0 && errors.length === 0;
    const isLeaf = children === 0 && (mine.length > 0 || (points.length === 0 && level.parser !== undefined));
    if (!isOk && (isLeaf || wrong.length > 0 || errors.length > 0 || failed === 0)) {
      const failure = [...wrong, ...errors, ...(wrong.length + errors.length === 0 ? [result] : [])].map(describe).join('\n');
      this.outcomes.push({
        kind: 'fail',
        name: name || '(the file itself)',
        ms: result.time ?? 0,
        failure: failure.slice(0, MAX_FAILURE),
      });
    } else if (isLeaf) {
      this.outcomes.push({ kind: 'pass', name: name || '(the file itself)', ms: result.time ?? 0 });
    }
    return isOk && failed === 0;
  }

  #skip(name, { skip, todo }) {
    const reason = skip || todo;
    if (reason === NOT_SELECTED) return;
    this.outcomes.push({ kind: 'skip', name, ms: 0, ...(typeof reason === 'string' && { reason }) });
  }
}

/** A test marked todo is one that nobody has written: it counts as skipped, whatever it did. */
function isSkip({ skip, todo }) {
  return Boolean(skip) || Boolean(todo);
}

function describe({ name, tapError, diag }) {
  const facts = SHOWN.filter((key) => diag?.[key] !== undefined).map((key) => {
    const text = typeof diag[key] === 'string' ? diag[key].trimEnd() : JSON.stringify(diag[key], null, 2);
    return text.includes('\n') ? `${key}:\n${text}` : `${key}: ${text}`;
  });
  return [name ?? tapError, ...facts].join('\n');
}
