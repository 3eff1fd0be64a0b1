import { useState } from 'preact/hooks';
import { PASSES, type Pass } from '../../../src/bench/operation.ts';
import type { OpLine } from './messages.ts';

/** Calls to choose from: any function of the library over any shapes is one. */
const EXAMPLES = [
  'conv2d [1,96,37,53] [160,96,3,3] stride=2 padding=1',
  'conv2d [1,32,56,56] [32,32,3,3]:state padding=1',
  'matmul [512,512] [512,512]',
  'softmax [64,1000]',
  'sum [512,2048] axes=[1]',
  'layerNorm [64,768] [768] [768]',
  'gelu [1000000]',
  'permute [32,64,96] =[2,0,1]',
];

/** A call of one of the library's functions. */
export function CallInput({
  label,
  call,
  onCall,
}: {
  label: string;
  call: string;
  onCall: (call: string) => void;
}) {
  return (
    <label class="grow">
      {label}{' '}
      <input
        type="text"
        class="code"
        list="calls"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        value={call}
        onInput={({ currentTarget }) => onCall(currentTarget.value)}
      />
    </label>
  );
}

export const Calls = () => (
  <datalist id="calls">
    {EXAMPLES.map((call) => (
      <option key={call} value={call} />
    ))}
  </datalist>
);

export const PassSelect = ({ pass, onPass }: { pass: Pass; onPass: (pass: Pass) => void }) => (
  <label>
    Pass{' '}
    <select value={pass} onChange={({ currentTarget }) => onPass(currentTarget.value as Pass)}>
      {PASSES.map((each) => (
        <option key={each} value={each}>
          {each}
        </option>
      ))}
    </select>
  </label>
);

/** Any op timed as `wgad bench op` does it. */
export function OpForm({
  onMeasure,
}: {
  /** Shows what is measured, or why it cannot be. */
  onMeasure: (first: OpLine, second: OpLine | null, samples: number) => Promise<string>;
}) {
  const [call, setCall] = useState(EXAMPLES[0]!);
  const [other, setOther] = useState('');
  const [pass, setPass] = useState<Pass>('forward');
  const [samples, setSamples] = useState(9);
  const [running, setRunning] = useState(false);
  const [says, setSays] = useState('');
  const measure = (event: Event): void => {
    event.preventDefault();
    setRunning(true);
    setSays('Measuring…');
    onMeasure({ call, pass }, other.trim() === '' ? null : { call: other, pass }, samples)
      .then(setSays, () => setSays(''))
      .finally(() => setRunning(false));
  };
  return (
    <section class="card stack" aria-label="Any op">
      <h2>Time any op</h2>
      <p class="soft small">
        A function of the library, its operands as sizes in brackets, and its options, as{' '}
        <code>wgad bench op</code> takes them. Behind an operand <code>:state</code> for weights, whose
        packing is done ahead, <code>:i32</code> for a type, <code>:0..10</code> for a range.
      </p>
      <form class="stack" onSubmit={measure}>
        <CallInput label="Op" call={call} onCall={setCall} />
        <CallInput label="By turns with (may be empty)" call={other} onCall={setOther} />
        <div class="row">
          <PassSelect pass={pass} onPass={setPass} />
          <label>
            Samples{' '}
            <input
              type="number"
              min={1}
              max={1000}
              value={samples}
              onInput={({ currentTarget }) => setSamples(currentTarget.valueAsNumber)}
            />
          </label>
          <button type="submit" class="main" disabled={running}>
            Time it
          </button>
        </div>
      </form>
      <p role="status" class="small">
        {says}
      </p>
    </section>
  );
}
