/** The engine of the Inspect page. */
import { zip } from 'fflate';
import { fitImage } from '../../../src/data/fit.ts';
import { frameOf } from '../../../src/data/frame.ts';
import type { Pixels } from '../../../src/data/pilResize.ts';
import { WgadError } from '../../../src/errors.ts';
import { UNALIGNED } from '../../../src/methods/alignments/index.ts';
import { type HeatScale, heatMap, overlay } from '../../../src/report/heatMap.ts';
import { frameIn } from '../../../src/run/config.ts';
import { imagesText } from '../../../src/run/scoredAs.ts';
import type { RunConfig } from '../../../src/run/settings.ts';
import { openSession } from '../../../src/runtime/session.ts';
import { finiteMaps } from '../../../src/score/finiteMaps.ts';
import type { ScoredImage } from '../../../src/score/scoredImage.ts';
import { type Scorer, scorerOn } from '../../../src/score/scorerOn.ts';
import { servedAlignment, thresholdIn } from '../../../src/score/storedThreshold.ts';
import type { ChosenFile, Refused } from '../files/chosenFile.ts';
import { decodePicture, rgbOf } from '../files/decode.ts';
import { interleaved, pngOf } from '../pictures.ts';
import { answerCalls, failureOf, tell } from '../remote.ts';
import type { DetectorFacts, DetectorFiles, Judged, Scores } from './messages.ts';
import { openDetector } from './openDetector.ts';

/** Images that a processor judges at once: the first results come early. */
const SOFTWARE_BATCH = 2;
const BATCH = 8;

interface Open {
  readonly scorer: Scorer;
  readonly config: RunConfig;
  readonly scale: HeatScale;
  readonly device: GPUDevice;
}
let open: Open | null = null;

const methods = {
  async open(files: DetectorFiles): Promise<DetectorFacts> {
    open?.scorer.close();
    open = null;
    const { source, config, scale } = await openDetector(files);
    const threshold = thresholdIn(files.name, source.metadata);
    const session = await openSession({
      onCompile: (_, done, of) => tell({ compiled: done, of }),
    });
    const { adapter } = session.gpu;
    const batch = Math.min(config.batch, adapter.software ? SOFTWARE_BATCH : BATCH);
    const alignments = [...new Set([UNALIGNED, servedAlignment(config)])];
    const scorer = await scorerOn(session, source, { ...config, batch }, alignments);
    open = { scorer, config, scale: scale ?? { low: 0, high: 1 }, device: session.gpu.device };
    return {
      name: files.name,
      method: config.method,
      encoder: config.encoder,
      images: imagesText(config),
      classes: JSON.parse(source.metadata.get('classes') ?? '[]') as string[],
      threshold: threshold?.value ?? null,
      rate: threshold?.rate ?? null,
      adapter: scorer.adapter,
      software: adapter.software,
      atOnce: scorer.atOnce,
      notes: [
        ...(threshold ? [] : ['No threshold was stored with it: choose one with the slider.']),
        ...(scale ? [] : ['It was not tested: colours of maps span 0 to 1.']),
      ],
    };
  },

  async judge(pictures: readonly ChosenFile[]): Promise<(Judged | Refused)[]> {
    const { scorer, config, device } = opened();
    const frame = frameOf(frameIn(config));
    const decoded = await Promise.allSettled(
      pictures.map(({ file, path }) => decodePicture(file, path, device)),
    );
    const planes = decoded.flatMap((each) =>
      each.status === 'fulfilled' ? [fitImage(each.value, frame)] : [],
    );
    const scored = await scorer.score(
      planes,
      planes.map(() => 0),
    );
    const rows: (Judged | Refused)[] = [];
    let next = 0;
    for (const [i, each] of decoded.entries()) {
      const { path } = pictures[i]!;
      if (each.status === 'rejected') {
        if (!(each.reason instanceof WgadError)) throw each.reason;
        rows.push({ path, error: failureOf(each.reason) });
        continue;
      }
      const at = next++;
      rows.push({ path, ...(await judged(planes[at]!, finiteMaps(path, scored[at]!), each.value)) });
    }
    return rows;
  },

  /** A frame of the camera. */
  async look(frame: ImageBitmap): Promise<Scores & { image: Blob; heat: Blob; aspect: number }> {
    const { scorer, config } = opened();
    const pixels = rgbOf(frame);
    frame.close();
    const planes = fitImage(pixels, frameOf(frameIn(config)));
    const [scored] = await scorer.score([planes], [0]);
    return judged(planes, finiteMaps('camera', scored!), pixels);
  },

  /** Heat maps and overlays of these images, named as `wgad predict --out` names them, in one zip. */
  async maps(images: readonly Pick<Judged, 'path' | 'image' | 'heat'>[]): Promise<Blob> {
    const files: Record<string, Uint8Array> = {};
    for (const [i, { path, image, heat }] of images.entries()) {
      const name = `${String(i).padStart(5, '0')}-${stem(path)}`;
      const [below, above] = [await pixelsOf(image), await pixelsOf(heat)];
      const over = await pngOf(overlay(below.data, above.data), below.width);
      files[`${name}.heat.png`] = new Uint8Array(await heat.arrayBuffer());
      files[`${name}.overlay.png`] = new Uint8Array(await over.arrayBuffer());
    }
    return new Promise((resolve, reject) => {
      // PNG does not get smaller.
      zip(files, { level: 0 }, (error, data) =>
        error
          ? reject(error)
          : resolve(new Blob([data as Uint8Array<ArrayBuffer>], { type: 'application/zip' })),
      );
    });
  },
};

export type InspectMethods = typeof methods;
answerCalls(methods);

function opened(): Open {
  if (open) return open;
  throw new Error('no detector is open');
}

async function judged(
  planes: Uint8Array,
  scored: ScoredImage,
  { width, height }: Pick<Pixels, 'width' | 'height'>,
): Promise<Omit<Judged, 'path'>> {
  const { scorer, config, scale } = opened();
  const aligned = servedAlignment(config);
  const [u_hat = null, gamma_hat = null] = scored.statistics.get(aligned) ?? [];
  const [image, heat] = await Promise.all([
    pngOf(interleaved(planes), config.size),
    pngOf(heatMap(scored.maps.get(aligned)!, scale), config.size),
  ]);
  return {
    score: scored.scores.get(UNALIGNED)!,
    calibrated: scored.scores.get(aligned)!,
    u_hat,
    gamma_hat,
    u: scored.u,
    unfamiliar: scorer.unfamiliar(scored),
    image,
    heat,
    aspect: width / height,
  };
}

async function pixelsOf(png: Blob): Promise<Pixels> {
  const bitmap = await createImageBitmap(png, { colorSpaceConversion: 'none' });
  const pixels = rgbOf(bitmap);
  bitmap.close();
  return pixels;
}

const stem = (path: string): string => (path.split('/').at(-1) ?? path).replace(/\.[^.]+$/, '').slice(0, 120);
