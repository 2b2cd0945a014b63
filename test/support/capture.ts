// Captures fixtures: node dist/test/support/capture.js SCENARIO…
// Only decodes them anew: node dist/test/support/capture.js --update SCENARIO…
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeScenario, FIXTURES } from './fixture.js';
import { runScenario } from './scenario.js';

function output(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' }).trim();
}

/** Captures one scenario anew: the answers, META and what they decode to. */
function capture(scenario: string): void {
  const directory = join(FIXTURES, scenario);
  runScenario(scenario, directory);
  writeFileSync(join(directory, 'META'), meta());
  writeDecoded(scenario);
}

function meta(): string {
  const date = new Date().toISOString().slice(0, 10);
  return `captured ${date} by test/support/capture.ts\nkernel ${output('uname', '-r')} ${output('uname', '-m')}\n${output('ip', '-V')}\n`;
}

/** Writes what the answers decode to now. For people to look at before they commit it. */
function writeDecoded(scenario: string): void {
  writeFileSync(join(FIXTURES, scenario, 'decoded.json'), `${JSON.stringify(decodeScenario(scenario), undefined, 2)}\n`);
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--update') for (const scenario of rest) writeDecoded(scenario);
else if (first !== undefined) for (const scenario of [first, ...rest]) capture(scenario);
