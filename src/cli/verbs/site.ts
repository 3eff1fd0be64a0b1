import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { integer } from '../numbers.ts';
import { serveSite } from '../siteServer.ts';
import type { AddVerb } from '../verb.ts';

/** A fixed port: what pages keep (trainings that were paused) belongs to it. */
const PORT = 8433;

interface SiteFlags {
  port: number;
  open: boolean;
}

export const siteVerb: AddVerb = (program, run) => {
  program
    .command('site')
    .description(
      'serve the pages on this machine alone and open them: judge images, train and measure kernels in the browser',
    )
    .option('--port <n>', 'port to listen at; 0: a free one', integer('--port', 0, 65_535), PORT)
    .option('--no-open', 'only print the address')
    .addHelpText('after', '\nExample:\n  wgad site --no-open')
    .action((flags: SiteFlags) =>
      run(async (context) => {
        const folder = fileURLToPath(new URL('../../site', import.meta.url));
        const weights = fileURLToPath(new URL('../../../weights', import.meta.url));
        const { address } = await serveSite(folder, flags.port, weights);
        context.endAtSignal();
        context.result({ address }, address);
        context.say('Ctrl-C ends it');
        if (flags.open) openBrowser(address);
        return new Promise<never>(() => {});
      }),
    );
};

const OPENERS: Partial<Record<NodeJS.Platform, readonly [command: string, ...args: string[]]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
};

/** Where there is no browser, the address has been printed. */
function openBrowser(address: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? ['xdg-open'];
  const child = spawn(command, [...args, address], { stdio: 'ignore', detached: true });
  child.on('error', () => {});
  child.unref();
}
