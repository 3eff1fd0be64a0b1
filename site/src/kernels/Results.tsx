import { useState } from 'preact/hooks';
import type { BenchRecord } from '../../../src/bench/record.ts';
import { recordsCsv } from '../../../src/bench/recordCsv.ts';
import { recordsText } from '../../../src/bench/recordList.ts';
import { percent } from '../../../src/formats/percent.ts';
import type { ChosenFile } from '../files/chosenFile.ts';
import { FileButton } from '../files/FileButton.tsx';
import { save } from '../shell.tsx';
import { linkOf } from './link.ts';
import type { RecordSet } from './records.ts';

/** A set of records: a table, and how to take it along. */
export function Results({
  sets,
  shown,
  onShow,
  onOpen,
  onRemove,
  onFail,
}: {
  /** The first is what was measured on this page. */
  sets: readonly RecordSet[];
  shown: number;
  onShow: (place: number) => void;
  onOpen: (files: readonly ChosenFile[]) => void;
  /** The set that is shown. */
  onRemove: () => void;
  onFail: (error: unknown) => void;
}) {
  const { records } = sets[shown]!;
  return (
    <section class="card stack" aria-label="Results">
      <div class="row apart">
        <h2>Results</h2>
        {sets.length > 1 && (
          <label>
            Show{' '}
            <select value={shown} onChange={({ currentTarget }) => onShow(Number(currentTarget.value))}>
              {sets.map(({ name }, i) => (
                <option key={`${i} ${name}`} value={i}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
      <div class="row">
        <FileButton label="Open files of records" accept=".json,application/json" onFiles={onOpen} />
        {records.length > 0 && <TakeAlong records={records} onFail={onFail} onRemove={onRemove} />}
      </div>
      {records.length === 0 ? (
        <p class="soft small">
          Nothing measured yet. Files are those of this page and of <code>wgad bench --out</code>.
        </p>
      ) : (
        <RecordTable records={records} />
      )}
    </section>
  );
}

function TakeAlong({
  records,
  onFail,
  onRemove,
}: {
  records: readonly BenchRecord[];
  onFail: (error: unknown) => void;
  onRemove: () => void;
}) {
  const [copied, setCopied] = useState('');
  const copy = async (): Promise<void> => {
    const link = await linkOf(location.href, records);
    // Where the clipboard is closed to the page, the address bar has it.
    history.replaceState(null, '', link);
    const told = await navigator.clipboard.writeText(link).then(
      () => 'Copied',
      () => 'The address bar has it',
    );
    setCopied(`${told}: ${link.length} characters.`);
  };
  return (
    <>
      <button
        type="button"
        onClick={() => save('records.json', new Blob([recordsText(records)], { type: 'application/json' }))}
      >
        Save as JSON
      </button>
      <button
        type="button"
        onClick={() => save('records.csv', new Blob([recordsCsv(records)], { type: 'text/csv' }))}
      >
        as CSV
      </button>
      <button
        type="button"
        onClick={() => {
          setCopied('');
          copy().catch(onFail);
        }}
      >
        Copy a link
      </button>
      <button type="button" onClick={onRemove}>
        Remove them
      </button>
      <span role="status" class="small">
        {copied}
      </span>
    </>
  );
}

const fixed = (value: number | null | undefined, digits: number): string => value?.toFixed(digits) ?? '';

function RecordTable({ records }: { records: readonly BenchRecord[] }) {
  const stamps = records.some(({ gpuMs }) => gpuMs !== undefined);
  const turns = records.some(({ ratio }) => ratio !== null);
  const { adapter, date, version, commit } = records[0]!;
  const from = [
    adapter,
    ...(version ? [`wgad ${version}`] : []),
    ...(commit ? [`commit ${commit}`] : []),
    ...(date ? [date.slice(0, 16).replace('T', ' ')] : []),
  ];
  return (
    <>
      <p class="soft small">{from.join(', ')}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard. */}
      <section class="wide" tabIndex={0} aria-label="Table of results">
        <table class="small numbers">
          <thead>
            <tr>
              <th scope="col">#</th>
              <th scope="col">case</th>
              <th scope="col">median ms</th>
              <th scope="col">of roofline</th>
              <th scope="col">GFLOP/s</th>
              <th scope="col">GB/s</th>
              <th scope="col">bound by</th>
              <th scope="col">10 to 90 %</th>
              {stamps && <th scope="col">GPU ms</th>}
              {turns && <th scope="col">times as fast</th>}
            </tr>
          </thead>
          <tbody>
            {records.map((record, i) => (
              <tr key={`${record.suite} ${record.name} ${record.shape} ${record.peer}`}>
                <td>{i + 1}</td>
                <th scope="row" class="case">
                  {record.name} <span class="soft">{record.shape}</span>
                </th>
                <td>{fixed(record.medianMs, 3)}</td>
                <td>
                  <Share share={record.rooflineShare} />
                </td>
                <td>{record.gflops ? fixed(record.gflops, 2) : ''}</td>
                <td>{fixed(record.gbs, 2)}</td>
                <td>{record.bound ?? ''}</td>
                <td>
                  {fixed(record.p10Ms, 3)} to {fixed(record.p90Ms, 3)}
                </td>
                {stamps && <td>{record.gpuMs === null ? 'too short' : fixed(record.gpuMs, 3)}</td>}
                {turns && (
                  <td>
                    {record.ratio === null
                      ? ''
                      : `${fixed(record.ratio, 2)} (${fixed(record.ratioP10, 2)} to ${fixed(record.ratioP90, 2)})`}
                  </td>
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

/** As a bar; above 1 where the pace was measured at a slower moment. */
const Share = ({ share }: { share: number | null }) =>
  share === null || share === undefined ? null : (
    <span class="share">
      <span class="bar">
        <span style={{ width: `${Math.min(100, Math.max(0, 100 * share))}%` }} />
      </span>
      {percent(share, 0)} %
    </span>
  );
