import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Pass } from '../../../src/bench/operation.ts';
import type { Remote } from '../remote.ts';
import type {
  Clock,
  CompilerMessage,
  DeviceFactsShown,
  KernelShown,
  Start,
  Trial,
  VariantShown,
} from './messages.ts';
import { CallInput, PassSelect } from './OpForm.tsx';
import type { KernelMethods } from './worker.ts';

const FIRST: Start = { call: 'gelu [1000000]', pass: 'forward', choice: null };

/** After so many seconds the page says that a kernel may never end. */
const LATE_S = 15;

/** The kernels of a call, and the ways to compute it. */
interface Loaded {
  readonly start: Start;
  readonly kernels: readonly KernelShown[];
  readonly variants: readonly VariantShown[];
}

/** Any of our kernels to start from, and what becomes of a changed text. */
export function Editor({
  remote,
  device: { timestamps },
  onFail,
  onStart,
  onGiveUp,
}: {
  remote: Remote<KernelMethods>;
  device: DeviceFactsShown;
  onFail: (error: unknown) => void;
  onStart: () => void;
  /** The kernel under way is not waited for. */
  onGiveUp: () => void;
}) {
  const [call, setCall] = useState(FIRST.call);
  const [pass, setPass] = useState<Pass>(FIRST.pass);
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [place, setPlace] = useState(0);
  const [text, setText] = useState('');
  const [grid, setGrid] = useState('');
  const [clock, setClock] = useState<Clock>('wall');
  const [trial, setTrial] = useState<Trial | null>(null);
  const [running, setRunning] = useState(false);
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!running) return undefined;
    const timer = setTimeout(() => setLate(true), 1000 * LATE_S);
    return () => clearTimeout(timer);
  }, [running]);
  const area = useRef<HTMLTextAreaElement>(null);
  const begin = useCallback((kernel: KernelShown | undefined) => {
    setText(kernel?.wgsl ?? '');
    setGrid(kernel?.grid.join(' ') ?? '');
    setTrial(null);
  }, []);
  const load = useCallback(
    async (start: Start, known?: readonly VariantShown[]): Promise<void> => {
      const kernels = await remote.kernels(start);
      const variants = known ?? (await remote.variants(start));
      // What runs at every run comes before what is done ahead.
      const first = Math.max(
        0,
        kernels.findIndex(({ ahead }) => !ahead),
      );
      setLoaded({ start, kernels, variants });
      setPlace(first);
      begin(kernels[first]);
    },
    [remote, begin],
  );
  useEffect(() => {
    load(FIRST).catch(onFail);
  }, [load, onFail]);
  const sides = grid.trim().split(/\s+/).map(Number);
  const isGrid =
    sides.length === 3 && sides.every((side) => Number.isInteger(side) && side >= 1 && side <= 65_535);
  const attempt = async ({ start }: Loaded): Promise<void> => {
    onStart();
    setRunning(true);
    setTrial(null);
    try {
      const change = { place, wgsl: text, grid: sides as [number, number, number] };
      setTrial(await remote.attempt(start, change, clock));
    } finally {
      setRunning(false);
    }
  };
  const goTo = ({ line }: CompilerMessage): void => {
    const first =
      text
        .split('\n')
        .slice(0, line - 1)
        .join('\n').length + (line > 1 ? 1 : 0);
    const length = text.split('\n')[line - 1]?.length ?? 0;
    area.current?.focus();
    area.current?.setSelectionRange(first, first + length);
  };
  const kernel = loaded?.kernels[place];
  return (
    <section class="card stack" aria-label="Your own kernel">
      <h2>Your own kernel beside ours</h2>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          onStart();
          // A text that is about to be replaced is not to be edited.
          setLoaded(null);
          begin(undefined);
          load({ call, pass, choice: null }).catch(onFail);
        }}
      >
        <CallInput label="Op to start from" call={call} onCall={setCall} />
        <PassSelect pass={pass} onPass={setPass} />
        <button type="submit">Load its kernels</button>
      </form>
      {loaded && (
        <div class="row">
          {loaded.variants.length > 0 && (
            <label>
              Variant{' '}
              <select
                value={loaded.variants.findIndex(({ choice }) => choice === loaded.start.choice)}
                onChange={({ currentTarget }) => {
                  const choice = loaded.variants[Number(currentTarget.value)]?.choice ?? null;
                  load({ ...loaded.start, choice }, loaded.variants).catch(onFail);
                }}
              >
                <option value={-1}>as the engine chooses here</option>
                {loaded.variants.map((variant, i) => (
                  <option key={variant.text} value={i}>
                    {variant.text}
                  </option>
                ))}
              </select>
            </label>
          )}
          {loaded.kernels.length > 1 && (
            <label>
              Kernel{' '}
              <select
                value={place}
                onChange={({ currentTarget }) => {
                  setPlace(Number(currentTarget.value));
                  begin(loaded.kernels[Number(currentTarget.value)]);
                }}
              >
                {loaded.kernels.map(({ label, ahead }, i) => (
                  <option key={`${i} ${label}`} value={i}>
                    {i + 1}: {label}
                    {ahead ? ' (once for the weights)' : ''}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label>
            Workgroups{' '}
            <input
              type="text"
              size={12}
              value={grid}
              aria-invalid={!isGrid}
              onInput={({ currentTarget }) => setGrid(currentTarget.value)}
            />
          </label>
          {timestamps && (
            <label>
              Time by{' '}
              <select value={clock} onChange={({ currentTarget }) => setClock(currentTarget.value as Clock)}>
                <option value="wall">the wall’s clock</option>
                <option value="timestamps">the GPU’s timestamps</option>
              </select>
            </label>
          )}
        </div>
      )}
      {kernel && (
        <p class="soft small">
          {kernel.label}. Bindings in order: {kernel.bindings.join('; ')}
        </p>
      )}
      <label>
        <span class="small">WGSL, with the entry point main</span>
        <textarea
          ref={area}
          rows={18}
          spellcheck={false}
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <div class="row">
        <button
          type="button"
          class="main"
          disabled={running || !isGrid || !kernel}
          onClick={() => {
            if (loaded) attempt(loaded).catch(onFail);
          }}
        >
          Check and time
        </button>
        <button type="button" onClick={() => begin(kernel)}>
          Start again from ours
        </button>
        {running && (
          <button type="button" onClick={onGiveUp}>
            Give it up
          </button>
        )}
      </div>
      <div aria-live="polite">
        {running && <p class="soft">Compiling, comparing, timing…</p>}
        {late && <p class="notice">It has not ended in {LATE_S} s. A loop in it may never end.</p>}
        {trial && <Outcome trial={trial} onLine={goTo} />}
      </div>
    </section>
  );
}

function Outcome({ trial, onLine }: { trial: Trial; onLine: (message: CompilerMessage) => void }) {
  if (trial.kind === 'wrong') {
    return (
      <p class="notice wrong">
        <strong>No time was taken:</strong> {trial.text}.
      </p>
    );
  }
  const messages = trial.messages.map((message) => (
    <li key={`${message.line} ${message.text}`}>
      <button type="button" class="small" onClick={() => onLine(message)}>
        Line {message.line}
      </button>{' '}
      {message.type}: {message.text}
    </li>
  ));
  if (trial.kind === 'refused') {
    return (
      <div class="notice wrong">
        <p>
          <strong>The compiler refuses it:</strong>
        </p>
        <ul>{messages}</ul>
      </div>
    );
  }
  const { duel, rounds, difference, clock, note } = trial;
  const { ours, theirs, ratio, ratioP10, ratioP90 } = duel;
  const verdict =
    ratioP10 <= 1 && ratioP90 >= 1
      ? 'as fast as ours, as far as can be told'
      : ratio < 1
        ? 'faster than ours'
        : 'slower than ours';
  return (
    <div class="notice numbers">
      <p>
        <strong>Right, and {verdict}.</strong>
      </p>
      <dl class="facts small">
        <dt>ours</dt>
        <dd>{ours.medianMs.toPrecision(4)} ms</dd>
        <dt>yours</dt>
        <dd>{theirs.medianMs.toPrecision(4)} ms</dd>
        <dt>yours by ours</dt>
        <dd>
          {ratio.toFixed(3)}, {ratioP10.toFixed(3)} to {ratioP90.toFixed(3)} in eight of ten of {rounds}{' '}
          rounds by turns
        </dd>
        <dt>results differ by</dt>
        <dd>{difference.toExponential(1)} of their root mean square, at most</dd>
        <dt>time is</dt>
        <dd>
          {clock === 'wall'
            ? 'the wall’s, of all dispatches, with submits'
            : 'the sum over the dispatches by the GPU’s timestamps, each in a pass of its own'}
          {note && ` (${note})`}
        </dd>
      </dl>
      {messages.length > 0 && <ul>{messages}</ul>}
    </div>
  );
}
