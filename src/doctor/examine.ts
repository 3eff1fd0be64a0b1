import { measurePace, type Pace } from '../bench/pace.ts';
import type { Session } from '../train/session.ts';
import { type Family, OP_CHECKS, UPDATE_CHECKS } from './checks/index.ts';
import { examineEncoder } from './examineEncoder.ts';
import { byFamily, type FamilyFinding, type Finding } from './finding.ts';

import { runCheck, runSpecials, runUpdateCheck } from './runCheck.ts';

export interface Examination extends Pace {
  readonly families: readonly FamilyFinding[];
  readonly findings: readonly Finding[];
}

/** Every op family, its derivatives, NaN and infinities and the embedded encoder against float64, then the adapter's pace. */
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
  for (const [family, check] of checks) {
    step(...(await runCheck(session, family, check)), ...(await runSpecials(session, family, check)));
  }
  for (const check of UPDATE_CHECKS) step(await runUpdateCheck(session, check));
  step(...(await examineEncoder(session)));
  const pace = await measurePace(session);
  step();
  return { families: byFamily(findings), findings, ...pace };
}
