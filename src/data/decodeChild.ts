/** A process that decodes one image at a time for the process that started it (`decodeProcess.ts`). */
import sharp from 'sharp';
import type { ProcessReply } from './decodeProcess.ts';
import { type DecodeWork, doWork, explained, failureOf } from './decodeWork.ts';

// Each file is read once; libvips would keep its operations for nothing.
sharp.cache(false);

async function answer(work: DecodeWork): Promise<ProcessReply> {
  try {
    return { done: await doWork(work) };
  } catch (error) {
    return { failure: failureOf(await explained(work, error), work.path) };
  }
}

process.on('message', (work) => {
  answer(work as DecodeWork)
    .then((reply) => process.send!(reply))
    .catch((error: unknown) => {
      throw error;
    });
});
// Nobody waits for the image any more.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
