import { EFFICIENTNET_B4 } from './efficientnet.ts';
import { torchvisionName } from './efficientnetNames.ts';
import { prefixOfMark } from './encoderPlace.ts';

/** Whose code saved a detector (weights.md section 4). */
export type DetectorCode = 'RD4AD' | 'ReContrast' | 'UniAD';

/** Name prefixes that every checkpoint of a code has. */
const MARKS: Readonly<Record<DetectorCode, readonly string[]>> = {
  RD4AD: ['bn.bn_layer.', 'decoder.layer1.'],
  ReContrast: ['encoder_freeze.', 'bottleneck.bn_layer.', 'decoder.layer1.'],
  UniAD: ['reconstruction.transformer.'],
};

/** The code whose names a state dict has, and the prefix that its trainer put before all of them (`model.`); or null. */
export function detectorCodeOf(names: Iterable<string>): { code: DetectorCode; prefix: string } | null {
  const all = [...names];
  for (const code of Object.keys(MARKS) as DetectorCode[]) {
    const [first, ...rest] = MARKS[code];
    const prefix = prefixOfMark(all, first!);
    if (prefix === null) continue;
    if (rest.every((mark) => all.some((name) => name.startsWith(prefix + mark)))) return { code, prefix };
  }
  return null;
}

/** Unread tensors of the bottleneck: a projection that its forward pass skips, and banks of another paper. */
const DEAD = /^bottleneck\.(conv4|bn4)\.|memory/;

/**
 * A tensor's name here, under `encoder.`, `bottleneck.`, `decoder.` or `reconstruction.`. Null for unread tensors: dead
 * layers, batch norms' counters, and EfficientNet's last stages.
 */
export function ownName(name: string, code: DetectorCode): string | null {
  if (name.endsWith('num_batches_tracked')) return null;
  if (code === 'UniAD') return uniadName(name);
  const own = code === 'RD4AD' ? name.replace(/^bn\./, 'bottleneck.') : name;
  return DEAD.test(own) ? null : own;
}

function uniadName(name: string): string | null {
  const inner = /^backbone\.(.+)$/.exec(name)?.[1];
  if (inner === undefined) return name;
  const own = inner.startsWith('_') ? torchvisionName(inner, 'efficientnet-pytorch', EFFICIENTNET_B4) : inner;
  return own === null ? null : `encoder.${own}`;
}
