import { checkLength, leadOf } from '../../../src/formats/safetensorsBytes.ts';
import { tensorsIn, weightsIn } from '../../../src/formats/weightsBytes.ts';
import { acceptedTexts, HASH_DIGITS, placelessText } from '../../../src/run/configTexts.ts';
import { sha256Hex } from '../../../src/run/contentChecksum.ts';
import type { RunLog } from '../../../src/run/log.ts';
import type { RunHashes, RunStore, TensorFile } from '../../../src/run/runStore.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import { blobSource } from './blobSource.ts';
import { RUN_FILES } from './runFiles.ts';
import { type Folder, fileIn, removeIn, writeIn } from './storage.ts';

const open = async (folder: Folder, file: TensorFile) => {
  const name = RUN_FILES[file];
  const blob = await fileIn(folder, name);
  return blob && weightsIn(blobSource(blob, name));
};

/** A run's tensors in the browser's storage. */
export const storedRun = (folder: Folder): RunStore => ({
  pathOf: (file) => RUN_FILES[file],
  async read(file) {
    const found = await open(folder, file);
    return found && tensorsIn(found);
  },
  metadata: async (file) => (await open(folder, file).catch(() => null))?.metadata ?? null,
  write(file, tensors, metadata) {
    const { lead, names } = leadOf(RUN_FILES[file], tensors, metadata, 'F32');
    return writeIn(folder, RUN_FILES[file], async (write) => {
      await write(lead);
      for (const name of names) {
        const { shape, data } = tensors.get(name)!;
        const numbers = typeof data === 'function' ? await data() : data;
        checkLength(name, shape, numbers.length);
        await write(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength));
      }
    });
  },
  remove: (file) => removeIn(folder, RUN_FILES[file]),
});

/** As `hashesOf` and `placelessHash` of Node. */
export async function hashesOf(config: RunConfig): Promise<RunHashes> {
  const hash = async (text: string): Promise<string> =>
    (await sha256Hex([new TextEncoder().encode(text)])).slice(0, HASH_DIGITS);
  return {
    accepted: await Promise.all(acceptedTexts(config).map(hash)),
    placeless: await hash(placelessText(config)),
  };
}

/** Lines are written together, this many ms after the first of them. */
const GATHER_MS = 2000;

/** A run's log in the browser's storage. @param before what is there already. @param say told of the first failed write. */
export function storedLog(folder: Folder, before: string, say: (text: string) => void): RunLog {
  let text = before;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tail: Promise<void> = Promise.resolve();
  let said = false;
  const flush = (): void => {
    timer = undefined;
    tail = tail
      .then(() => writeIn(folder, RUN_FILES.log, (write) => write(text)))
      .catch((error: Error) => {
        if (!said) say(`a line of the log could not be written, training goes on: ${error.message}`);
        said = true;
      });
  };
  return {
    write(entry) {
      text += `${JSON.stringify(entry)}\n`;
      timer ??= setTimeout(flush, GATHER_MS);
    },
    settled() {
      if (timer !== undefined) {
        clearTimeout(timer);
        flush();
      }
      return tail;
    },
  };
}
