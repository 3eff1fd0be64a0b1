import { useState } from 'preact/hooks';
import { byFamily, type Finding } from '../../../src/doctor/finding.ts';
import type { Remote } from '../remote.ts';
import { useSteps } from './useSteps.ts';
import type { KernelMethods } from './worker.ts';

/** The checks of `wgad doctor`. */
export function Checks({
  remote,
  onFail,
}: {
  remote: Remote<KernelMethods>;
  onFail: (error: unknown) => void;
}) {
  const [findings, setFindings] = useState<readonly Finding[]>([]);
  const { running, done, of, run, stop } = useSteps();
  const check = async (): Promise<void> => {
    setFindings([]);
    await run(await remote.checks(), async (i) => {
      const found = await remote.check(i);
      setFindings((before) => [...before, ...found]);
    });
  };
  return (
    <section class="card stack" aria-label="Checks">
      <div class="row apart">
        <h2>Does it compute what it should?</h2>
        <button
          type="button"
          onClick={() => {
            if (running) stop();
            else check().catch(onFail);
          }}
        >
          {running ? 'Stop' : 'Run the checks'}
        </button>
      </div>
      <p class="soft small">
        Every op and its derivative against float64, as <code>wgad doctor</code> does it. Each compiles
        kernels of its own, which takes a minute on a software adapter.
      </p>
      <p role="status" class="small">
        {of > 0 && `${done} of ${of} ops checked${running ? '' : done < of ? ', stopped' : ', done'}`}
      </p>
      {findings.length > 0 && <Findings findings={findings} />}
    </section>
  );
}

const Findings = ({ findings }: { findings: readonly Finding[] }) => (
  <table class="small numbers">
    <thead>
      <tr>
        <th scope="col">family</th>
        <th scope="col">checks</th>
        <th scope="col">largest relative error</th>
        <th scope="col" class="long">
          of
        </th>
        <th scope="col">verdict</th>
      </tr>
    </thead>
    <tbody>
      {byFamily(findings).map(({ family, checks, maxRelative, worst, ok }) => (
        <tr key={family}>
          <th scope="row">{family}</th>
          <td>{checks}</td>
          <td>{maxRelative.toExponential(1)}</td>
          <td class="long">{worst}</td>
          <td>
            <span class={`mark ${ok ? 'normal' : 'anomalous'}`}>{ok ? '● right' : '▲ wrong'}</span>
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
