import { measurePace, type Pace } from '../bench/pace.ts';
import { input } from '../graph/value.ts';
import { encode, revdistSpecs } from '../methods/revdist.ts';
import { RESNETS } from '../models/resnet.ts';
import { bindNetwork, networkLayout } from '../nn/trainable.ts';
import { loadWeights } from '../train/encoderWeights.ts';
import type { Session } from '../train/session.ts';
import { type Family, OP_CHECKS, UPDATE_CHECKS } from './checks/index.ts';
import { encoder64 } from './encoderReference.ts';
import { byFamily, type FamilyFinding, type Finding, finding } from './finding.ts';

import { drawn, evaluate, runCheck, runUpdateCheck } from './runCheck.ts';

export interface Examination extends Pace {
  readonly families: readonly FamilyFinding[];
  readonly findings: readonly Finding[];
}

/** Every op family, its derivatives and the embedded encoder against float64, then the adapter's pace. */
export async function examine(
  session: Session,
  onProgress: (done: number, of: number) => void,
): Promise<Examination> {
  const checks = Object.entries(OP_CHECKS).flatMap(([family, each]) =>
    each.map((check) => [family as Family, check] as const),
  );
  const findings: Finding[] = [];
  const steps = checks.length + UPDATE_CHECKS.length + 2;
  let done = 0;
  const step = (...found: Finding[]): void => {
    findings.push(...found);
    onProgress(++done, steps);
  };
  for (const [family, check] of checks) step(...(await runCheck(session, family, check)));
  for (const check of UPDATE_CHECKS) step(await runUpdateCheck(session, check));
  step(...(await examineEncoder(session)));
  const pace = await measurePace(session);
  step();
  return { families: byFamily(findings), findings, ...pace };
}

async function examineEncoder(session: Session): Promise<Finding[]> {
  const weights = await loadWeights('embedded', 'encoder');
  const layout = networkLayout('doctor encoder', revdistSpecs(RESNETS.resnet18_w16).frozen);
  session.load(layout, weights);
  const image = drawn({ shape: [1, 3, 64, 64] }, 0);
  const { layers } = bindNetwork(layout, { training: false });
  const taps = encode(layers, input('image', image.shape), RESNETS.resnet18_w16);
  const outputs = new Map(taps.map((tap, i) => [`layer${i + 1}`, tap]));
  const got = await evaluate(session, 'encoder', outputs, { image: Float32Array.from(image.data) });
  return encoder64(weights, image).map(({ data }, i) =>
    finding('encoder', `embedded encoder, layer${i + 1}`, got.get(`layer${i + 1}`)!, data),
  );
}
