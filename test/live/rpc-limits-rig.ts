// What attackers do: HTTP/2 written by hand, as no library would.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Test } from 'tap';
import type { ChildOptions, ChildReport } from './rpc-limits-child.js';

/** A server to attack. */
export interface Victim {
  readonly address: string;
  report(): Promise<ChildReport>;
}

/** Serves in a process of its own until the test ends. */
export async function startVictim(t: Test, options: Partial<ChildOptions> = {}): Promise<Victim> {
  const file = fileURLToPath(new URL('./rpc-limits-child.js', import.meta.url));
  const child: ChildProcess = fork(file, { execArgv: ['--expose-gc'] });
  t.after(() => child.kill('SIGKILL'));
  const ask = async (what: ChildOptions | 'report'): Promise<ChildReport> => {
    child.send(what);
    const [report] = (await once(child, 'message')) as [ChildReport];
    return report;
  };
  const { address } = await ask({ listen: ['127.0.0.1:0'], ...options });
  return { address, report: () => ask('report') };
}

/** A connection that is attacked through. */
export interface Attacker {
  readonly socket: Socket;
  /** Resolves when the server has ended it. */
  readonly ended: Promise<unknown>;
  /** Writes as fast as the server reads; false once the connection has ended. */
  send(bytes: Uint8Array): Promise<boolean>;
}

export async function attack(t: Test, address: string): Promise<Attacker> {
  const [host = '', port = ''] = address.split(':');
  const socket = connect({ host, port: Number(port), noDelay: true });
  t.after(() => socket.destroy());
  const ended = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => undefined);
  // Nobody listens, but what comes is taken.
  socket.resume();
  await Promise.race([once(socket, 'connect'), ended]);
  return {
    socket,
    ended,
    send: async (bytes) => {
      if (socket.destroyed) return false;
      if (!socket.write(bytes)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), ended, delay(1000)]);
      return !socket.destroyed;
    },
  };
}

// RFC 9113, 4.1, 6 and 3.4.
export const FRAME = { DATA: 0, HEADERS: 1, RST_STREAM: 3, SETTINGS: 4, PING: 6, CONTINUATION: 9 } as const;
export const FLAG = { NONE: 0, END_STREAM: 1, END_HEADERS: 4 } as const;
export const PREFACE: Buffer = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export function frame(type: number, flags: number, stream: number, payload: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** The beginning of an HTTP/2 connection. */
export const HELLO: Buffer = Buffer.concat([PREFACE, frame(FRAME.SETTINGS, FLAG.NONE, 0)]);

/** Header fields without indexing: RFC 7541, 6.2.2. Names and values of up to 126 bytes. */
export function fields(...pairs: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
  return Buffer.concat(pairs.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** The header fields of a gRPC call. */
export function callFields(method: string): Buffer {
  return fields(
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', method],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  );
}
