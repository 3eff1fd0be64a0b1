import { basename, extname, posix } from 'node:path';
import { RandomStream } from '../../random.ts';
import type { Dataset } from '../dataset.ts';
import { isImageName } from '../fileNames.ts';
import type { Sample } from '../layouts/layout.ts';

/** An image and where it goes: paths below the new folder, without their extensions. */
export interface Placed {
  readonly sample: Sample;
  readonly image: string;
  /** Null for a normal image. */
  readonly mask: string | null;
}

/** How many images of a class are drawn; default all. */
export interface Draw {
  /** Normal images to train on. */
  readonly train?: number | undefined;
  /** Test images, half of them (rounded up) normal. */
  readonly test?: number | undefined;
  readonly seed: number;
}

/** Streams of the seed for the images to train on, and for normal and anomalous ones to test. */
const STREAMS = { train: 0xc0e7_0000, normal: 0xc0e7_0001, anomalous: 0xc0e7_0002 } as const;
type Share = keyof typeof STREAMS;

/** Where each image of some sets goes in MVTec layout, and all that keeps it from going there. */
export function placeSamples(
  sets: readonly Dataset[],
  { train, test, seed }: Draw,
): { placed: readonly Placed[]; problems: readonly string[] } {
  const problems: string[] = [];
  const placed: Placed[] = [];
  const owners = new Map<string, string>();
  const wanted: Record<Share, number | undefined> = {
    train,
    normal: test === undefined ? undefined : Math.ceil(test / 2),
    anomalous: test === undefined ? undefined : Math.floor(test / 2),
  };
  for (const { root, classes, train: trained, test: tested } of sets) {
    for (const name of classes) {
      // Some file systems take names of different case for one.
      const owner = owners.get(name.toLowerCase());
      if (owner !== undefined) problems.push(`class ${name} of ${root} is in ${owner} too`);
      owners.set(name.toLowerCase(), root);
      const own = (samples: readonly Sample[], anomalous: boolean): readonly Sample[] =>
        samples.filter((sample) => sample.className === name && sample.anomalous === anomalous);
      const shares: Record<Share, readonly Sample[]> = {
        train: own(trained, false),
        normal: own(tested, false),
        anomalous: own(tested, true),
      };
      for (const share of Object.keys(shares) as Share[]) {
        const most = shares[share].length;
        const count = wanted[share] ?? most;
        if (count > most)
          problems.push(`class ${name} of ${root} has ${most} ${WORDS[share]}, asked for ${count}`);
        const stream = new RandomStream(seed, STREAMS[share]);
        const drawn =
          wanted[share] === undefined ? shares[share] : stream.shuffle([...shares[share]]).slice(0, count);
        for (const each of placesOf(name, share === 'train' ? 'train' : 'test', drawn)) placed.push(each);
      }
      if (shares.anomalous.some(({ defect }) => defect.toLowerCase() === 'good')) {
        problems.push(
          `class ${name} of ${root} has a defect called good, as normal images are in MVTec layout`,
        );
      }
    }
  }
  return { placed, problems };
}

const WORDS: Readonly<Record<Share, string>> = {
  train: 'normal images to train on',
  normal: 'normal images to test',
  anomalous: 'anomalous images to test',
};

/** Names stay where they are of one image in their folder; others become the whole path of the image. */
function placesOf(className: string, part: 'train' | 'test', samples: readonly Sample[]): Placed[] {
  const keyOf = (defect: string, name: string): string => `${defect}/${name}`.toLowerCase();
  const nameOf = ({ id }: Sample): string => stemOf(basename(id));
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const key = keyOf(sample.defect, nameOf(sample));
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const used = new Set<string>();
  return samples.map((sample) => {
    const { defect, id, anomalous } = sample;
    const own = nameOf(sample);
    const first = counts.get(keyOf(defect, own)) === 1 ? own : stemOf(id).replaceAll('/', '_');
    let name = first;
    for (let n = 2; used.has(keyOf(defect, name)); n++) name = `${first}_${n}`;
    used.add(keyOf(defect, name));
    return {
      sample,
      image: posix.join(className, part, defect, name),
      mask: anomalous ? posix.join(className, 'ground_truth', defect, `${name}_mask`) : null,
    };
  });
}

const stemOf = (name: string): string =>
  isImageName(basename(name)) ? name.slice(0, -extname(name).length) : name;
