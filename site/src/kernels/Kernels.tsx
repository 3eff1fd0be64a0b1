import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { Pace } from '../../../src/bench/planCase.ts';
import type { BenchRecord } from '../../../src/bench/record.ts';
import { type Failure, failureOf, remoteOf } from '../remote.ts';
import { Shell, Wrong } from '../shell.tsx';
import { Checks } from './Checks.tsx';
import { Comparison } from './Comparison.tsx';
import { Editor } from './Editor.tsx';
import { hasRecords, recordsOfLink } from './link.ts';
import type { DeviceFactsShown, OpLine } from './messages.ts';
import { Networks } from './Networks.tsx';
import { Calls, OpForm } from './OpForm.tsx';
import { Results } from './Results.tsx';
import { Roofline } from './Roofline.tsx';
import { type RecordSet, recordsOfFile, roofOf, withRecords } from './records.ts';
import type { KernelMethods } from './worker.ts';

const HERE = 'measured here';

const GIVEN_UP: Failure = {
  message: 'The kernel was given up, and the page goes on with another device.',
  code: null,
  fix: 'No page can stop a kernel: it takes time from others until it ends or the graphics driver ends it. A software renderer never does: start the browser again when you have saved what you need.',
};

export function Kernels() {
  const [device, setDevice] = useState<DeviceFactsShown | null>(null);
  const [pace, setPace] = useState<Pace | null>(null);
  const [pacing, setPacing] = useState(false);
  const [measured, setMeasured] = useState<readonly BenchRecord[]>([]);
  const [openedSets, setOpened] = useState<readonly RecordSet[]>([]);
  const [shown, setShown] = useState(0);
  const [failure, setFailure] = useState<Failure | null>(null);
  const { remote, replace } = useMemo(
    () =>
      remoteOf<KernelMethods>(() => new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })),
    [],
  );
  const fail = useCallback((error: unknown) => setFailure(failureOf(error)), []);
  const clear = useCallback(() => setFailure(null), []);
  useEffect(() => {
    remote.device().then(setDevice).catch(fail);
  }, [remote, fail]);

  const show = useCallback((set: RecordSet) => {
    setOpened((before) => {
      const all = [...before.filter(({ name }) => name !== set.name), set];
      setShown(all.length);
      return all;
    });
  }, []);
  useEffect(() => {
    const open = (): void => {
      if (!hasRecords(location.hash)) return;
      recordsOfLink(location.hash)
        .then((records) => show({ name: 'the link', records }))
        .catch(fail);
    };
    open();
    addEventListener('hashchange', open);
    return () => removeEventListener('hashchange', open);
  }, [show, fail]);

  const paced = async (again: boolean): Promise<void> => {
    setPacing(true);
    try {
      setPace(await remote.pace(again));
    } finally {
      setPacing(false);
    }
  };
  const add = (records: readonly BenchRecord[]): void => {
    setMeasured((before) => withRecords(before, records));
    setShown(0);
  };
  const measureOps = async (first: OpLine, second: OpLine | null, samples: number): Promise<string> => {
    clear();
    try {
      await paced(false);
      const { records, note } = await remote.measureOps(first, second, samples);
      add(records);
      return note ? `Measured; ${note}.` : 'Measured.';
    } catch (error) {
      fail(error);
      throw error;
    }
  };
  const sets: readonly RecordSet[] = [{ name: HERE, records: measured }, ...openedSets];
  const own = { name: HERE, records: measured, roof: pace ?? roofOf(measured) };
  const other = shown > 0 ? sets[shown]! : null;
  const remove = (): void => {
    if (shown === 0) setMeasured([]);
    else {
      setOpened(openedSets.filter((_, i) => i !== shown - 1));
      setShown(0);
    }
    if (hasRecords(location.hash)) history.replaceState(null, '', location.pathname);
  };
  return (
    <Shell page="Kernels" adapter={device?.name}>
      <div>
        <h1>Kernels on this GPU</h1>
        <p class="lead">
          What WebGPU offers here, how fast this GPU is at best, what the kernels of real networks and any op
          reach of it, and how a kernel of your own does beside ours.
        </p>
      </div>
      {failure && <Wrong failure={failure} />}
      {device && <Device device={device} />}
      <Roofline
        pace={pace}
        series={other ? [own, { ...other, roof: roofOf(other.records) }] : [own]}
        measuring={pacing}
        onMeasure={() => {
          clear();
          paced(pace !== null).catch(fail);
        }}
      />
      <Calls />
      <OpForm onMeasure={measureOps} />
      {device && (
        <Networks
          device={device}
          onList={async (choice) => {
            await paced(false);
            return remote.cases(choice);
          }}
          onCase={async (i) => add([await remote.measureCase(i)])}
          onFail={fail}
          onStart={clear}
        />
      )}
      <Results
        sets={sets}
        shown={shown}
        onShow={setShown}
        onOpen={(files) => {
          clear();
          Promise.all(files.map(recordsOfFile))
            .then((all) => all.forEach(show))
            .catch(fail);
        }}
        onRemove={remove}
        onFail={fail}
      />
      <Comparison sets={sets} />
      {device && (
        <Editor
          remote={remote}
          device={device}
          onFail={fail}
          onStart={clear}
          onGiveUp={() => replace(GIVEN_UP)}
        />
      )}
      <Checks remote={remote} onFail={fail} />
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
