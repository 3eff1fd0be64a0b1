import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { weightsCache } from '../../published/cache.ts';
import { fetchPublished } from '../../published/fetchPublished.ts';
import { PUBLISHED, type Published, publishedNamed } from '../../published/table.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exitCodes.ts';
import type { Runner } from '../verb.ts';

interface FetchFlags {
  from?: string;
  offline?: boolean;
}

export function addFetch(weights: Command, run: Runner): void {
  const width = Math.max(...PUBLISHED.map(({ name }) => name.length));
  const lines = PUBLISHED.map(
    ({ name, mebibytes, note }) =>
      `  ${name.padEnd(width)}  ${mebibytes.toFixed(0).padStart(3)} MiB  ${note}`,
  );
  weights
    .command('fetch <name>')
    .description('download published weights into the user cache and compare their checksum')
    .option('--from <url>', "base URL of a mirror; default: the authors' own")
    .option('--offline', 'only look into the cache')
    .addHelpText(
      'after',
      `\nNames:\n${lines.join('\n')}\n\nThe cache is ${weightsCache()}; WGAD_CACHE moves it.` +
        '\n\nExample:\n  wgad weights fetch resnet18\n  wgad train photos --out runs/mine --encoder resnet18 --weights resnet18',
    )
    .action((name: string, flags: FetchFlags) =>
      run((context) => {
        const published = publishedNamed(name);
        if (!published) {
          throw new ConfigError(
            `weights fetch: expects one of ${PUBLISHED.map((each) => each.name).join(', ')}, got ${name}`,
          );
        }
        return fetchWith(context, published, { ...flags, folder: weightsCache() });
      }),
    );
}

const MEBI = 2 ** 20;

/** Fetches with progress on stderr. @returns the exit code. */
export async function fetchWith(
  context: Context,
  published: Published,
  options: FetchFlags & { readonly folder: string },
): Promise<number> {
  const progress = context.progress(published.name);
  const began = performance.now();
  let first: number | undefined;
  const fetched = await fetchPublished(published, {
    ...options,
    signal: context.signal,
    say: context.say,
    onProgress: (bytes, of) => {
      first ??= bytes;
      const rate = (bytes - first) / MEBI / ((performance.now() - began) / 1000);
      const total = Math.ceil(of / MEBI);
      // The last mebibyte is seldom full: the end is when all bytes are there.
      progress.update(
        bytes === of ? total : Math.floor(bytes / MEBI),
        total,
        `MiB, ${rate.toFixed(1)} MiB/s`,
      );
    },
  }).finally(() => progress.finish());
  if (!fetched) {
    context.say(`stopped; go on with: wgad weights fetch ${published.name}`);
    return EXIT.interrupted;
  }
  const { path, sha256, bytes, known, checked } = fetched;
  context.result(
    { name: published.name, file: path, sha256, bytes, known, checked },
    `${path}: ${bytes} bytes${known ? ', already there' : ''}\nsha256 ${sha256}\n${checked}`,
  );
  return EXIT.done;
}
