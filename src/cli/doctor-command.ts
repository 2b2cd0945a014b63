import { release } from 'node:os';
import { Command } from 'commander';
import { hostOptions } from './host.js';
import { addHostOptions, type HostFlags, outputOption } from './options.js';
import { EXIT } from './report.js';
import { show } from './show.js';
import type { Context } from './terminal.js';
import { VERSION } from './version.js';

/** `nsatlas doctor` */
export function doctorCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('doctor')
    .description('check this installation: what works, what is off, why, and how to fix it')
    .addHelpText('after', '\nExample:\n  sudo nsatlas doctor')
    .addOption(outputOption('table or json'));
  return addHostOptions(command).action(async (flags: HostFlags & { output: string }) => {
    const { hostFeatures } = await import('../live/index.js');
    const features = await hostFeatures(hostOptions(flags));
    const report = { version: VERSION, node: process.version, kernel: release(), features };
    await show({ name: 'doctor', report }, flags.output, context);
    finish(features.every((feature) => feature.enabled) ? EXIT.ok : EXIT.incomplete);
  });
}
