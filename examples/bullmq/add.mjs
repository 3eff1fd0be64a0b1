// Puts images into the queue: node add.mjs photos/*.png
import { resolve } from 'node:path';
import { Queue } from 'bullmq';

const { REDIS = 'redis://localhost:6379' } = process.env;
const queue = new Queue('images', { connection: { url: REDIS } });
const options = {
  attempts: 5,
  backoff: { type: 'exponential', delay: 1000 },
  removeOnComplete: 1000,
  removeOnFail: false,
};
for (const path of process.argv.slice(2)) await queue.add('image', { path: resolve(path) }, options);
await queue.close();
