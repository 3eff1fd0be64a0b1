import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, sep } from 'node:path';
import { ConfigError } from '../errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
};

export interface SiteServer {
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves the files of a folder on this machine's loopback address alone, and nothing else.
 * @param port 0: a free one. @param weights the folder of the encoders' weights, which pages find in `weights/`; the package
 * has them once. @throws ConfigError where the folder holds no pages, or the port is taken.
 */
export async function serveSite(folder: string, port: number, weights?: string): Promise<SiteServer> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  // Paths that were asked for are looked up here and never reach the file system.
  const files = new Map(names.map((name) => [`/${name.split(sep).join('/')}`, join(folder, name)]));
  if (!files.has('/index.html')) {
    throw new ConfigError(`${folder}: holds no pages`, { fix: 'build them: npm run site' });
  }
  for (const name of weights === undefined ? [] : await readdir(weights)) {
    files.set(`/weights/${name}`, join(weights!, name));
  }
  const server = createServer((request, response) => {
    // Not by `URL`: it throws at texts that are not addresses, such as `//`.
    const [pathname = ''] = (request.url ?? '').split('?');
    const path = files.get(pathname === '/' ? '/index.html' : pathname);
    const answer = (status: number, type: string, body: Buffer | string): void => {
      response.writeHead(status, {
        'content-type': type,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return answer(405, 'text/plain', 'GET alone\n');
    if (path === undefined) return answer(404, 'text/plain', 'no such page\n');
    readFile(path).then(
      (body) => answer(200, TYPES[extname(path)] ?? 'application/octet-stream', body),
      () => answer(404, 'text/plain', 'no such page\n'),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new ConfigError(
          cause.code === 'EADDRINUSE'
            ? `--port ${port} is in use`
            : `--port ${port}: cannot be listened at: ${cause.message}`,
          { fix: 'name another; 0 takes any free one', cause },
        ),
      ),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    address: `http://localhost:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
