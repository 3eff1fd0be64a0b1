import { measurePace } from '../bench/pace.ts';
import type { Pace } from '../bench/planCase.ts';
import type { Session } from '../runtime/session.ts';
import { updateSpecs } from '../specs/update.ts';
import { CHECKS } from './checks.ts';
import { examineEncoder } from './examineEncoder.ts';
import { byFamily, type FamilyFinding, type Finding } from './finding.ts';
import { runCheck, runSpecials, runUpdate } from './runCheck.ts';

export interface Examination extends Pace {
  readonly families: readonly FamilyFinding[];
  readonly findings: readonly Finding[];
}

/** Every op family, its derivatives, NaN and infinities and the embedded encoder against float64, then the adapter's pace. */
export async function examine(
  session: Session,
  onProgress: (done: number, of: number) => void,
): Promise<Examination> {
  const findings: Finding[] = [];
  const updates = Object.entries(updateSpecs);
  const steps = CHECKS.length + updates.length + 2;
  let done = 0;
  const step = (...found: Finding[]): void => {
    findings.push(...found);
    onProgress(++done, steps);
  };
  for (const check of CHECKS) {
    step(...(await runCheck(session, check)), ...(await runSpecials(session, check)));
  }
  for (const [name, spec] of updates) step(await runUpdate(session, name, spec));
  step(...(await examineEncoder(session)));
  const pace = await measurePace(session);
  step();
  return { families: byFamily(findings), findings, ...pace };
}
