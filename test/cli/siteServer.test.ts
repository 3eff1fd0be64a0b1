import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { serveSite } from '../../src/cli/siteServer.ts';

it('the server of the pages gives the files of its folder and nothing else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'wgad-site-'));
  await writeFile(join(folder, 'secret.txt'), 'secret');
  const pages = join(folder, 'pages');
  await mkdir(join(pages, 'assets'), { recursive: true });
  await expect(serveSite(pages, 0)).rejects.toThrow('holds no pages');
  await writeFile(join(pages, 'index.html'), '<p>page');
  await writeFile(join(pages, 'assets', 'a.js'), 'a()');
  const { address, close } = await serveSite(pages, 0);
  const { port } = new URL(address);
  try {
    const get = async (path: string, method = 'GET') => {
      const answer = await fetch(`${address}${path}`, { method });
      return [answer.status, answer.headers.get('content-type'), await answer.text()];
    };
    expect(await get('')).toEqual([200, 'text/html; charset=utf-8', '<p>page']);
    expect(await get('assets/a.js?x=1')).toEqual([200, 'text/javascript', 'a()']);
    expect(await get('assets/a.js', 'HEAD')).toEqual([200, 'text/javascript', '']);
    for (const path of ['secret.txt', '..%2fsecret.txt', 'assets/..%2f..%2fsecret.txt', 'assets', '%00']) {
      expect((await get(path))[0], path).toBe(404);
    }
    expect((await get('', 'POST'))[0]).toBe(405);
    // What is no path of a page, sent as it is.
    for (const target of ['//', 'http://[', '*', '/%']) {
      const { statusCode } = await once(request({ port, path: target }).end(), 'response').then(
        ([answer]: IncomingMessage[]) => answer!.resume(),
      );
      expect(statusCode, target).toBe(404);
    }
    await expect(serveSite(pages, Number(port))).rejects.toThrow(`--port ${port} is in use`);
  } finally {
    await close();
    await rm(folder, { recursive: true });
  }
});
