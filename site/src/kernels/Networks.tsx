import { useState } from 'preact/hooks';
import type { Precision } from '../../../src/nn/trainable.ts';
import type { EncoderName } from '../../../src/score/features.ts';
import { type Failure, failureOf } from '../remote.ts';
import type { CaseChoice, DeviceFactsShown } from './messages.ts';
import { useSteps } from './useSteps.ts';

/** Those that `wgad bench kernels` takes where no network is named. */
const USUAL = '';
const ALL = 'all';
type Choice = typeof USUAL | typeof ALL | EncoderName;

interface NotMeasured {
  readonly name: string;
  readonly failure: Failure;
}

/** Single operations of the networks as they are trained and scored, one after another, as `wgad bench kernels` measures them. */
export function Networks({
  device: { networks, f16 },
  onList,
  onCase,
  onFail,
  onStart,
}: {
  device: DeviceFactsShown;
  /** Titles of the cases. */
  onList: (choice: CaseChoice) => Promise<readonly string[]>;
  onCase: (i: number) => Promise<void>;
  onFail: (error: unknown) => void;
  onStart: () => void;
}) {
  const [network, setNetwork] = useState<Choice>(USUAL);
  const [filter, setFilter] = useState('');
  const [batch, setBatch] = useState(1);
  const [size, setSize] = useState(256);
  const [precision, setPrecision] = useState<Precision>('f32');
  const [listing, setListing] = useState(false);
  const [current, setCurrent] = useState('');
  const [missing, setMissing] = useState<readonly NotMeasured[]>([]);
  const { running, done, of, run, stop } = useSteps();
  const measure = async (): Promise<void> => {
    onStart();
    setMissing([]);
    setListing(true);
    try {
      const models = network === USUAL ? undefined : network === ALL ? networks : [network];
      const names = await onList({ models, filter, batches: [batch], size, precision });
      setListing(false);
      await run(names.length, async (i) => {
        const name = names[i]!;
        setCurrent(name);
        // One that does not fit into this GPU says nothing of the others.
        await onCase(i).catch((error: unknown) =>
          setMissing((before) => [...before, { name, failure: failureOf(error) }]),
        );
      });
    } catch (error) {
      onFail(error);
    } finally {
      setListing(false);
    }
  };
  const says = listing
    ? 'Tracing the networks…'
    : running
      ? `${done} of ${of} measured, now ${current}`
      : of > 0
        ? `${done} of ${of} measured${done < of ? ', stopped' : ''}`
        : '';
  return (
    <section class="card stack" aria-label="Networks">
      <h2>Kernels of real networks</h2>
      <p class="soft small">
        Operations as the networks are scored and trained with them. Without a filter of each kind the one
        with most work; a filter is a regular expression on network, name and shape: <code>.</code> takes all,{' '}
        <code>conv2d 3x3 s1</code> some.
      </p>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          measure().catch(onFail);
        }}
      >
        <label>
          Network{' '}
          <select value={network} onChange={({ currentTarget }) => setNetwork(currentTarget.value as Choice)}>
            <option value={USUAL}>the usual: resnet18, efficientnet_b4; with a filter all</option>
            {networks.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            <option value={ALL}>all</option>
          </select>
        </label>
        <label>
          Filter{' '}
          <input
            type="text"
            size={18}
            spellcheck={false}
            autocapitalize="off"
            value={filter}
            onInput={({ currentTarget }) => setFilter(currentTarget.value)}
          />
        </label>
        <label>
          Batch{' '}
          <input
            type="number"
            min={1}
            value={batch}
            onInput={({ currentTarget }) => setBatch(currentTarget.valueAsNumber)}
          />
        </label>
        <label>
          Side, px{' '}
          <input
            type="number"
            min={64}
            step={32}
            value={size}
            onInput={({ currentTarget }) => setSize(currentTarget.valueAsNumber)}
          />
        </label>
        {f16 && (
          <label>
            Stored as{' '}
            <select
              value={precision}
              onChange={({ currentTarget }) => setPrecision(currentTarget.value as Precision)}
            >
              <option value="f32">f32</option>
              <option value="f16">f16, scoring alone</option>
            </select>
          </label>
        )}
        <button type="submit" class="main" disabled={running || listing}>
          Measure
        </button>
        {running && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
      </form>
      <p role="status" class="small">
        {says}
      </p>
      {(running || listing) && (
        <progress aria-label="Cases measured" {...(!listing && { value: done, max: of })} />
      )}
      {missing.length > 0 && (
        <ul class="refused small">
          {missing.map(({ name, failure }) => (
            <li key={name}>
              {name} was not measured: {failure.message}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
