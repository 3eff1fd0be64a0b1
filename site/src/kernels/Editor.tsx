import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Remote } from '../remote.ts';
import type { CompilerMessage, KernelShown, Trial } from './messages.ts';
import { SUBJECTS } from './subjects.ts';
import type { KernelMethods } from './worker.ts';

/** One of our kernels to start from, and what becomes of a changed text. */
export function Editor({
  remote,
  onFail,
  onStart,
}: {
  remote: Remote<KernelMethods>;
  onFail: (error: unknown) => void;
  onStart: () => void;
}) {
  const [which, setWhich] = useState(0);
  const [kernels, setKernels] = useState<readonly KernelShown[]>([]);
  const [place, setPlace] = useState(0);
  const [text, setText] = useState('');
  const [grid, setGrid] = useState('');
  const [trial, setTrial] = useState<Trial | null>(null);
  const [running, setRunning] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const start = useCallback((kernel: KernelShown | undefined) => {
    setText(kernel?.wgsl ?? '');
    setGrid(kernel?.grid.join(' ') ?? '');
    setTrial(null);
  }, []);
  useEffect(() => {
    remote
      .kernels(which)
      .then((found) => {
        setKernels(found);
        setPlace(0);
        start(found[0]);
      })
      .catch(onFail);
  }, [remote, which, onFail, start]);
  const sides = grid.trim().split(/\s+/).map(Number);
  const isGrid =
    sides.length === 3 && sides.every((side) => Number.isInteger(side) && side >= 1 && side <= 65_535);
  const attempt = (): void => {
    onStart();
    setRunning(true);
    setTrial(null);
    remote
      .attempt(which, place, text, sides as [number, number, number])
      .then(setTrial)
      .catch(onFail)
      .finally(() => setRunning(false));
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
  const kernel = kernels[place];
  return (
    <section class="card stack" aria-label="Your own kernel">
      <h2>Your own kernel beside ours</h2>
      <div class="row">
        <label>
          Work{' '}
          <select value={which} onChange={({ currentTarget }) => setWhich(Number(currentTarget.value))}>
            {SUBJECTS.map(({ name }, i) => (
              <option key={name} value={i}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {kernels.length > 1 && (
          <label>
            Kernel{' '}
            <select
              value={place}
              onChange={({ currentTarget }) => {
                setPlace(Number(currentTarget.value));
                start(kernels[Number(currentTarget.value)]);
              }}
            >
              {kernels.map(({ label }, i) => (
                <option key={`${i} ${label}`} value={i}>
                  {i + 1}: {label}
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
      </div>
      {kernel && <p class="soft small">Bindings in order: {kernel.bindings.join('; ')}</p>}
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
        <button type="button" class="main" disabled={running || !isGrid || !kernel} onClick={attempt}>
          Check and time
        </button>
        <button type="button" onClick={() => start(kernel)}>
          Start again from ours
        </button>
      </div>
      <div aria-live="polite">
        {running && <p class="soft">Compiling, comparing, timing…</p>}
        {trial && <Outcome trial={trial} onLine={goTo} />}
      </div>
    </section>
  );
}

function Outcome({ trial, onLine }: { trial: Trial; onLine: (message: CompilerMessage) => void }) {
  if (trial.kind === 'wrong') {
    return (
      <p class="notice wrong">
        <strong>The result is wrong:</strong> {trial.text}. No time was taken.
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
  const { ours, own, ratio, rounds, difference } = trial;
  const [low, median, high] = ratio;
  const verdict =
    low <= 1 && high >= 1
      ? 'as fast as ours, as far as can be told'
      : median < 1
        ? 'faster than ours'
        : 'slower than ours';
  return (
    <div class="notice numbers">
      <p>
        <strong>Right, and {verdict}.</strong>
      </p>
      <dl class="facts small">
        <dt>ours</dt>
        <dd>{ours.toPrecision(4)} ms</dd>
        <dt>yours</dt>
        <dd>{own.toPrecision(4)} ms</dd>
        <dt>yours by ours</dt>
        <dd>
          {median.toFixed(3)}, {low.toFixed(3)} to {high.toFixed(3)} in eight of ten of {rounds} rounds by
          turns
        </dd>
        <dt>results differ by</dt>
        <dd>{difference.toExponential(1)} of the largest number, at most</dd>
        <dt>time is</dt>
        <dd>the wall's, of all dispatches, with submits</dd>
      </dl>
      {messages.length > 0 && <ul>{messages}</ul>}
    </div>
  );
}
