// Judges images that a BullMQ queue names, by a `wgad serve` on this machine. See docs/scale.md.
//   REDIS=redis://localhost:6379 SERVER=http://127.0.0.1:8080 OUT=verdicts node worker.mjs
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'bullmq';

const {
  REDIS = 'redis://localhost:6379',
  SERVER = 'http://127.0.0.1:8080',
  OUT = 'verdicts',
  TOKEN,
} = process.env;
await mkdir(OUT, { recursive: true });

/** One image: `{ path }`. BullMQ runs a job again when its worker went away, so the verdict's file is named by content. */
async function judge({ data: { path } }) {
  const image = await readFile(path);
  const place = join(OUT, `${createHash('sha256').update(image).digest('hex')}.json`);
  const reply = await fetch(`${SERVER}/v1/predict`, {
    method: 'POST',
    body: image,
    headers: {
      'content-type': 'application/octet-stream',
      ...(TOKEN && { authorization: `Bearer ${TOKEN}` }),
    },
  });
  const said = await reply.json();
  // 422: the image cannot be read, which no other try would change. Anything else is tried again, by the job's `attempts`.
  if (!reply.ok && reply.status !== 422) throw new Error(`${reply.status}: ${said.error.message}`);
  const [verdict] = said.results;
  await writeFile(`${place}.${process.pid}.tmp`, JSON.stringify({ path, weights: said.weights, ...verdict }));
  await rename(`${place}.${process.pid}.tmp`, place);
  return verdict;
}

// As many at once as the server's batch holds, so that it is filled.
const worker = new Worker('images', judge, { connection: { url: REDIS }, concurrency: 32 });
worker.on('failed', (job, error) => console.error(job?.data.path, error.message));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => worker.close());
