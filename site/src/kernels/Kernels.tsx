import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { byFamily, type Finding } from '../../../src/doctor/finding.ts';
import { type Failure, failureOf, type Remote, remoteOf } from '../remote.ts';
import { Shell, Wrong } from '../shell.tsx';
import { Editor } from './Editor.tsx';
import type { CheckEvent, DeviceFactsShown } from './messages.ts';
import type { KernelMethods } from './worker.ts';

interface Checked {
  readonly findings: readonly Finding[];
  readonly done: number;
  readonly of: number;
  readonly running: boolean;
}
const UNCHECKED: Checked = { findings: [], done: 0, of: 0, running: false };

export function Kernels() {
  const [device, setDevice] = useState<DeviceFactsShown | null>(null);
  const [checked, setChecked] = useState(UNCHECKED);
  const [failure, setFailure] = useState<Failure | null>(null);
  const remote = useMemo((): Remote<KernelMethods> => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    return remoteOf<KernelMethods>(worker, (event) => {
      const { finding, done, of } = event as CheckEvent;
      setChecked((before) => ({ ...before, findings: [...before.findings, finding], done, of }));
    });
  }, []);
  const fail = useCallback((error: unknown) => setFailure(failureOf(error)), []);
  useEffect(() => {
    remote.device().then(setDevice).catch(fail);
  }, [remote, fail]);
  const check = (): void => {
    setChecked({ ...UNCHECKED, running: true });
    remote
      .check()
      .catch(fail)
      .finally(() => setChecked((before) => ({ ...before, running: false })));
  };
  return (
    <Shell page="Kernels" adapter={device?.name}>
      <div>
        <h1>Kernels on this GPU</h1>
        <p class="lead">
          What WebGPU offers here, whether it computes what it should, and how a kernel of your own does
          beside ours.
        </p>
      </div>
      {failure && <Wrong failure={failure} />}
      {device && <Device device={device} />}
      <section class="card stack" aria-label="Checks">
        <div class="row apart">
          <h2>Does it compute what it should?</h2>
          <button type="button" disabled={checked.running} onClick={check}>
            Run the checks
          </button>
        </div>
        <p class="soft small">
          Every op and its derivative against float64, as <code>wgad doctor</code> does it. Each compiles
          kernels of its own, which takes a minute on a software adapter.
        </p>
        <p role="status" class="small">
          {checked.of > 0 && `${checked.done} of ${checked.of} ops checked${checked.running ? '' : ', done'}`}
        </p>
        {checked.findings.length > 0 && <Findings findings={checked.findings} />}
      </section>
      <Editor remote={remote} onFail={fail} onStart={() => setFailure(null)} />
    </Shell>
  );
}

const Device = ({ device }: { device: DeviceFactsShown }) => (
  <section class="card stack" aria-label="Device">
    <h2>{device.name}</h2>
    <dl class="facts small numbers">
      {device.facts.flatMap(([name, value]) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name} value`}>{value}</dd>,
      ])}
    </dl>
    <details>
      <summary>All limits</summary>
      <dl class="facts small numbers">
        {device.limits.flatMap(([name, value]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name} value`}>{value.toLocaleString('en')}</dd>,
        ])}
      </dl>
    </details>
  </section>
);

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
