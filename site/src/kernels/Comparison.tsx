import { useState } from 'preact/hooks';
import { comparedSets, type RecordSet } from './records.ts';

/** Two sets of records side by side. */
export function Comparison({ sets }: { sets: readonly RecordSet[] }) {
  const filled = sets.filter(({ records }) => records.length > 0);
  const [chosen, setChosen] = useState<readonly [before: string, now: string] | null>(null);
  if (filled.length < 2) return null;
  const named = (name: string | undefined): RecordSet | undefined => filled.find((set) => set.name === name);
  // What was measured here against what was opened last; of two files the second against the first.
  const usual = sets[0]!.records.length > 0 ? sets[0]! : filled.at(-1)!;
  const now = named(chosen?.[1]) ?? usual;
  const before = named(chosen?.[0]) ?? filled.findLast((set) => set !== now)!;
  const { cases, missing, added, note } = comparedSets(before, now);
  const select = (label: string, own: RecordSet, onName: (name: string) => void) => (
    <label>
      {label}{' '}
      <select value={own.name} onChange={({ currentTarget }) => onName(currentTarget.value)}>
        {filled.map(({ name }) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <section class="card stack" aria-label="Comparison">
      <h2>Side by side</h2>
      <div class="row">
        {select('Before', before, (name) => setChosen([name, now.name]))}
        {select('Now', now, (name) => setChosen([before.name, name]))}
      </div>
      {note && <p class="notice">{note}: that compares adapters, not kernels.</p>}
      {cases.length === 0 ? (
        <p class="notice">Nothing to compare: they have no case in common.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard.
        <section class="wide" tabIndex={0} aria-label="Table of both">
          <table class="small numbers">
            <thead>
              <tr>
                <th scope="col">case</th>
                <th scope="col">before, ms</th>
                <th scope="col">now, ms</th>
                <th scope="col">times as fast</th>
                <th scope="col">verdict</th>
              </tr>
            </thead>
            <tbody>
              {cases.map(({ name, beforeMs, nowMs, ratio, verdict }) => (
                <tr key={name}>
                  <th scope="row" class="case">
                    {name}
                  </th>
                  <td>{beforeMs.toFixed(3)}</td>
                  <td>{nowMs.toFixed(3)}</td>
                  <td>{ratio.toFixed(2)}</td>
                  <td>
                    <Verdict verdict={verdict} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      <Left title={`only in ${before.name}`} names={missing} />
      <Left title={`only in ${now.name}`} names={added} />
    </section>
  );
}

const Verdict = ({ verdict }: { verdict: 'slower' | 'faster' | 'as before' }) => {
  if (verdict === 'as before') return <>as before</>;
  return (
    <span class={`mark ${verdict === 'slower' ? 'anomalous' : 'normal'}`}>
      {verdict === 'slower' ? '▲' : '●'} {verdict}
    </span>
  );
};

const Left = ({ title, names }: { title: string; names: readonly string[] }) =>
  names.length === 0 ? null : (
    <details>
      <summary>
        {names.length} {title}
      </summary>
      <ul class="refused small">
        {names.map((name) => (
          <li key={name}>{name}</li>
        ))}
      </ul>
    </details>
  );
