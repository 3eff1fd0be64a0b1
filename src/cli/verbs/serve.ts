import type { ScoringChoice } from '../../run/scoredAs.ts';
import { LIMITS } from '../../serve/limits.ts';
import { VERSION } from '../../version.ts';
import { EXIT } from '../exitCodes.ts';
import { integer, real } from '../numbers.ts';
import { addScoringFlags } from '../settingFlags.ts';
import type { AddVerb } from '../verb.ts';
import { BATCH_HELP } from './predict.ts';

interface ServeFlags extends ScoringChoice<'judge'> {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly wait: number;
  readonly queue: number;
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly maxImages: number;
  readonly timeout: number;
  readonly batch?: number;
}

export const serveVerb: AddVerb = (program, run) => {
  const verb = program
    .command('serve <run...>')
    .description(
      'judge images over HTTP (POST /v1/predict) by one or more runs, FOLDER or NAME=FOLDER; SIGTERM and Ctrl-C end it once all is answered, SIGHUP reads the runs again. The variable WGAD_TOKEN, or --token-file, sets a token that requests need',
    )
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--port <n>', 'port to listen at; 0: any that is free', integer('--port', 0, 65_535), 8080)
    .option('--token-file <file>', 'file with the token that requests need (Authorization: Bearer ...)')
    .option(
      '--wait <ms>',
      'how long an image waits for others to be judged with',
      real('--wait', 0, 60_000),
      LIMITS.waitMs,
    )
    .option(
      '--queue <n>',
      'images of all requests under way; more are refused with 503',
      integer('--queue', 1),
      LIMITS.queue,
    )
    .option('--max-bytes <n>', "bytes of a request's body", integer('--max-bytes', 1, 2 ** 29), LIMITS.bytes)
    .option('--max-pixels <n>', 'pixels of an image', integer('--max-pixels', 1, 100_000_000), LIMITS.pixels)
    .option('--max-images <n>', 'images of a request', integer('--max-images', 1, 10_000), LIMITS.images)
    .option(
      '--timeout <s>',
      'time in which a request has to arrive and to be answered',
      real('--timeout', 0.1, 86_400),
      LIMITS.seconds,
    )
    .option('--batch <n>', BATCH_HELP, integer('--batch', 1));
  addScoringFlags(verb, 'judge');
  verb
    .addHelpText(
      'after',
      '\nExample:\n  wgad serve runs/first\n  curl --data-binary @photo.png -H "content-type: image/png" localhost:8080/v1/predict',
    )
    .action((folders: string[], flags: ServeFlags) =>
      run(async (context) => {
        // Loaded by this command alone.
        const { serve } = await import('../../serve/serve.ts');
        const { namedRuns } = await import('../../serve/servedRuns.ts');
        const server = await serve({
          runs: namedRuns(folders),
          host: flags.host,
          port: flags.port,
          tokenFile: flags.tokenFile,
          token: process.env.WGAD_TOKEN || undefined,
          limits: {
            bytes: flags.maxBytes,
            pixels: flags.maxPixels,
            images: flags.maxImages,
            seconds: flags.timeout,
            queue: flags.queue,
            waitMs: flags.wait,
          },
          choice: flags,
          // A run that is read again must not keep its old device.
          gpu: { ...context.gpu, parking: undefined },
          version: VERSION,
          log: { level: context.quiet ? 'warn' : 'info', stream: process.stderr },
        });
        try {
          context.onHangUp(() => {
            server.reload().catch((error: unknown) => server.app.log.error({ err: error }, 'not taken anew'));
          });
          const stopped = new Promise<void>((settle) => {
            if (context.signal.aborted) settle();
            else context.signal.addEventListener('abort', () => settle(), { once: true });
          });
          // A run that cannot be opened ends the command; a signal does not wait for one that takes long.
          await Promise.race([server.opened, stopped]);
          if (!context.signal.aborted) {
            context.result(
              { url: server.url, runs: folders },
              `serving ${folders.join(', ')} at ${server.url}`,
            );
          }
          await stopped;
          server.app.log.info('answering what is under way, then stopping');
        } finally {
          await server.close();
        }
        return EXIT.done;
      }),
    );
};
