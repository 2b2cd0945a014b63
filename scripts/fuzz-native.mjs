// Fuzzes the C++ that walks bytes of strangers: every native/fuzz/NAME_fuzz.cc, with the seeds in test/fixtures/fuzz-NAME/.
//   node scripts/fuzz-native.mjs [NAME …] [--seconds N]   libFuzzer, AddressSanitizer and UBSan; N seconds each, 60 by default. Needs clang.
//   node scripts/fuzz-native.mjs [NAME …] --replay        only the seeds, once each, through a build by g++
//   --keep FOLDER                                         where inputs that were found go; by default they go when it ends
// A crash leaves its input in the working folder: fix it, and make the input a seed.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { filesBelow } from './lib/files.mjs';
import { Problem, report, ROOT, which } from './lib/process.mjs';

const native = join(ROOT, 'native');
const folder = join(native, 'fuzz');
const SUFFIX = '_fuzz.cc';
/** Longer inputs find nothing that shorter ones do not: messages of a few hundred bytes are usual. */
const MOST_BYTES = 4096;
const FLAGS = ['-std=c++17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-g', '-O1', '-fno-sanitize-recover=all'];

/** A main() that gives each file named to the target. */
const REPLAY = `
#include <stdint.h>
#include <stdio.h>
#include <memory>
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
int main(int argc, char** argv) {
  for (int at = 1; at < argc; ++at) {
    FILE* file = fopen(argv[at], "rb");
    if (file == nullptr || fseek(file, 0, SEEK_END) != 0) return perror(argv[at]), 1;
    const size_t size = static_cast<size_t>(ftell(file));
    rewind(file);
    const std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
    if (fread(bytes.get(), 1, size, file) != size) return perror(argv[at]), 1;
    fclose(file);
    LLVMFuzzerTestOneInput(bytes.get(), size);
  }
}
`;

/** The target and every source of the addon whose header it includes, directly or not. */
function sourcesOf(target) {
  const sources = new Set([target]);
  const seen = new Set();
  const open = [target];
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    for (const [, name] of readFileSync(file, 'utf8').matchAll(/^#include "(.+)"$/gm)) {
      const header = join(native, name);
      if (seen.has(header)) continue;
      seen.add(header);
      open.push(header);
      const source = header.replace(/\.h$/, '.cc');
      if (!existsSync(source)) continue;
      sources.add(source);
      open.push(source);
    }
  }
  return [...sources];
}

/** In the environment without what a sanitized caller preloads: neither a compiler nor a fuzzer needs any of it. */
function run(command, args) {
  const { LD_PRELOAD: _, ...rest } = process.env;
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env: { ...rest, ASAN_OPTIONS: '' } });
  if (error !== undefined) throw new Problem(`${command}: ${error.message}`);
  if (status !== 0) throw new Problem(`${[command, ...args.slice(0, 1)].join(' ')} … ended with ${status}`);
}

const seedsOf = (name) => join(ROOT, 'test/fixtures', `fuzz-${name}`);

function replay(name, target, scratch) {
  const seeds = filesBelow(seedsOf(name));
  if (seeds.length === 0) throw new Problem(`test/fixtures/fuzz-${name}/ has no seeds`);
  const main = join(scratch, 'replay.cc');
  const program = join(scratch, `${name}-replay`);
  writeFileSync(main, REPLAY);
  run('g++', [...FLAGS, `-I${native}`, '-fsanitize=address,undefined', '-o', program, main, ...sourcesOf(target)]);
  run(program, seeds);
  console.log(`${name}: ${seeds.length} seeds replayed`);
}

function fuzz(name, target, scratch, { seconds, keep }) {
  const program = join(scratch, `${name}-fuzz`);
  const found = keep === undefined ? join(scratch, name) : join(resolve(keep), name);
  mkdirSync(found, { recursive: true });
  run('clang++', [...FLAGS, `-I${native}`, '-fsanitize=fuzzer,address,undefined', '-o', program, ...sourcesOf(target)]);
  const limits = [`-max_total_time=${seconds}`, `-max_len=${MOST_BYTES}`, '-timeout=10', '-print_final_stats=1', '-verbosity=0'];
  run(program, [...limits, found, ...[seedsOf(name)].filter(existsSync)]);
  console.log(`${name}: ${seconds} s without a finding`);
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      replay: { type: 'boolean', default: false },
      keep: { type: 'string' },
    },
  });
  if (!/^[1-9]\d*$/.test(values.seconds)) throw new Problem('--seconds takes a whole number from 1 up');
  const all = readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .map((file) => file.slice(0, -SUFFIX.length));
  for (const name of positionals) if (!all.includes(name)) throw new Problem(`no ${relative(ROOT, folder)}/${name}${SUFFIX}`);
  if (!values.replay && which('clang++') === undefined) {
    throw new Problem('clang++ not found', 'apt-get install -y --no-install-recommends clang libclang-rt-14-dev');
  }
  const scratch = mkdtempSync(join(tmpdir(), 'nsatlas-fuzz-'));
  try {
    for (const name of positionals.length > 0 ? positionals : all) {
      const target = join(folder, `${name}${SUFFIX}`);
      if (values.replay) replay(name, target, scratch);
      else fuzz(name, target, scratch, values);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  main();
} catch (error) {
  report(error);
}
