import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import type { ChosenFile } from '../files/chosenFile.ts';
import { DropZone } from '../files/DropZone.tsx';
import { FileButton } from '../files/FileButton.tsx';
import { type Failure, failureOf } from '../remote.ts';
import { Shell, save, Wrong } from '../shell.tsx';
import { Camera } from './Camera.tsx';
import { Detail } from './Detail.tsx';
import { loadExample, loadTraining } from './example.ts';
import { Grid } from './Grid.tsx';
import type { DetectorFacts, Judged } from './messages.ts';
import { ScoreStrip } from './ScoreStrip.tsx';
import { EMPTY, InspectSession, type InspectState } from './session.ts';
import { sortOut } from './sortOut.ts';
import { csvOf, jsonOf } from './tables.ts';

/** Where the slider stands before anybody found a threshold. */
const MIDDLE = 0.5;

export function Inspect() {
  const [state, setState] = useState<InspectState>({ ...EMPTY, busy: { says: 'Loading a detector' } });
  const [notes, setNotes] = useState<readonly string[]>([]);
  const [chosenThreshold, setThreshold] = useState<number | null>(null);
  const [opacity, setOpacity] = useState(MIDDLE);
  const [shown, setShown] = useState<number | null>(null);
  const [camera, setCamera] = useState(false);
  const session = useMemo(() => new InspectSession(setState), []);
  const { detector, judged, refused, waiting, busy, failure } = state;
  const sorted = useMemo(() => [...judged].sort((a, b) => b.calibrated - a.calibrated), [judged]);
  const threshold = chosenThreshold ?? detector?.threshold ?? MIDDLE;

  const fail = useCallback((error: unknown) => session.fail(failureOf(error) satisfies Failure), [session]);
  useEffect(() => {
    const training = new URLSearchParams(location.search).get('training');
    (training === null ? loadExample() : loadTraining(training))
      .then(({ detector, pictures }) => session.open(detector, pictures))
      .catch(fail);
  }, [session, fail]);

  const take = useCallback(
    (files: readonly ChosenFile[]) => {
      const found = sortOut(files);
      setNotes(found.notes);
      session.fail(null);
      if (found.detector) {
        setThreshold(null);
        setShown(null);
        session.open(found.detector, found.pictures).catch(fail);
      } else if (found.pictures.length > 0) session.add(found.pictures);
    },
    [session, fail],
  );
  const closeCamera = useCallback(() => setCamera(false), []);
  const step = (by: number): void =>
    setShown((at) => (at === null ? null : (at + by + sorted.length) % sorted.length));

  return (
    <Shell page="Inspect" adapter={detector?.adapter}>
      <DropZone
        says="Drop a detector, images or a folder"
        onDrop={(files) => void files.then(take).catch(fail)}
      >
        <div class="stack">
          <div>
            <h1>Inspect images</h1>
            <p class="lead">
              A detector judges images on this machine; none of them leaves it. Drop images, a folder or a
              detector anywhere on this page.
            </p>
          </div>
          <DetectorCard detector={detector} onFiles={take} onCamera={() => setCamera(true)} />
          {failure && <Wrong failure={failure} />}
          {[...notes, ...(detector?.notes ?? [])].map((note) => (
            <p class="notice" key={note}>
              {note}
            </p>
          ))}
          <Progress busy={busy} waiting={waiting} done={judged.length + refused.length} />
          {camera && detector && <Camera session={session} threshold={threshold} onClose={closeCamera} />}
          {detector && judged.length > 0 && (
            <section aria-label="Images" class="stack" style={{ '--opacity': String(opacity) }}>
              <Controls
                judged={sorted}
                threshold={threshold}
                own={detector.threshold}
                opacity={opacity}
                onThreshold={setThreshold}
                onOpacity={setOpacity}
              />
              <Exports
                session={session}
                judged={sorted}
                threshold={threshold}
                detector={detector}
                onFail={fail}
              />
              <Grid judged={sorted} threshold={threshold} onOpen={setShown} />
              {shown !== null && sorted[shown] && (
                <Detail
                  judged={sorted[shown]}
                  threshold={threshold}
                  place={`${shown + 1} of ${sorted.length}`}
                  onStep={step}
                  onClose={() => setShown(null)}
                />
              )}
            </section>
          )}
          {refused.length > 0 && (
            <section class="card">
              <h2>{refused.length} could not be judged</h2>
              <ul class="refused small">
                {refused.map(({ path, error }) => (
                  <li key={path}>
                    {error.message}
                    {error.fix && <span class="soft">: {error.fix}</span>}
                  </li>
                ))}
              </ul>
            </section>
          )}
        </div>
      </DropZone>
    </Shell>
  );
}

function DetectorCard({
  detector,
  onFiles,
  onCamera,
}: {
  detector: DetectorFacts | null;
  onFiles: (files: readonly ChosenFile[]) => void;
  onCamera: () => void;
}) {
  return (
    <section class="card stack" aria-label="Detector">
      <h2>{detector ? `Detector: ${detector.name}` : 'Detector'}</h2>
      {detector && (
        <dl class="facts small">
          <dt>method</dt>
          <dd>
            {detector.method}, encoder {detector.encoder}, {detector.images}
          </dd>
          {detector.classes.length > 0 && (
            <>
              <dt>trained on</dt>
              <dd>{detector.classes.join(', ')}</dd>
            </>
          )}
          <dt>threshold</dt>
          <dd>
            {detector.threshold === null
              ? 'none stored'
              : `${detector.threshold.toPrecision(4)}, for ${((detector.rate ?? 0) * 100).toPrecision(2)} % false alarms`}
          </dd>
        </dl>
      )}
      <div class="row">
        <FileButton label="Add images" accept="image/*" onFiles={onFiles} main />
        <FileButton label="Add a folder" folder onFiles={onFiles} />
        <FileButton label="Open a detector" accept=".wgad,.safetensors" onFiles={onFiles} />
        <FileButton label="Open a run folder" folder onFiles={onFiles} />
        {'mediaDevices' in navigator && (
          <button type="button" disabled={!detector} onClick={onCamera}>
            Use the camera
          </button>
        )}
      </div>
    </section>
  );
}

function Progress({ busy, waiting, done }: { busy: InspectState['busy']; waiting: number; done: number }) {
  const judging = waiting > 0 ? `Judging: ${done} done, ${waiting} waiting` : '';
  const says = busy ? `${busy.says}${busy.of ? ` ${busy.done} of ${busy.of}` : '…'}` : judging;
  return (
    <div>
      <p role="status" class="soft small">
        {says || (done > 0 ? `${done} images judged` : '')}
      </p>
      {(busy || waiting > 0) && (
        <progress
          aria-label={busy?.says ?? 'Judging'}
          value={busy ? busy.done : done}
          max={busy ? busy.of : done + waiting}
        />
      )}
    </div>
  );
}

function Controls({
  judged,
  threshold,
  own,
  opacity,
  onThreshold,
  onOpacity,
}: {
  judged: readonly Judged[];
  threshold: number;
  own: number | null;
  opacity: number;
  onThreshold: (value: number | null) => void;
  onOpacity: (value: number) => void;
}) {
  const scores = judged.map(({ calibrated }) => calibrated);
  const ends = [...scores, own ?? threshold];
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const room = Math.max(0.05 * (most - least), 1e-3);
  const range = [least - room, most + room] as const;
  const anomalous = scores.filter((score) => score >= threshold).length;
  const unfamiliar = judged.filter((each) => each.unfamiliar).length;
  return (
    <div class="card stack">
      <p aria-live="polite">
        <strong>{anomalous}</strong> of {judged.length} anomalous
        {unfamiliar > 0 && (
          <>
            , <strong>{unfamiliar}</strong> unlike what the detector was trained on
          </>
        )}
      </p>
      <div>
        <ScoreStrip judged={judged} threshold={threshold} range={range} />
        <div class="ends soft small numbers">
          <span>{range[0].toFixed(2)}</span>
          <span>score</span>
          <span>{range[1].toFixed(2)}</span>
        </div>
      </div>
      <div class="sliders">
        <div class="slider">
          <div class="row">
            <label for="threshold">Threshold</label>
            <span class="row">
              {own !== null && threshold !== own && (
                <button type="button" onClick={() => onThreshold(null)}>
                  Stored one
                </button>
              )}
              <input
                type="number"
                aria-label="Threshold as a number"
                step="any"
                value={Number(threshold.toPrecision(5))}
                onChange={({ currentTarget: { valueAsNumber } }) =>
                  Number.isFinite(valueAsNumber) && onThreshold(valueAsNumber)
                }
              />
            </span>
          </div>
          <input
            id="threshold"
            type="range"
            min={range[0]}
            max={range[1]}
            step={(range[1] - range[0]) / 500}
            value={threshold}
            onInput={({ currentTarget }) => onThreshold(currentTarget.valueAsNumber)}
          />
        </div>
        <div class="slider">
          <div class="row">
            <label for="opacity">Map over the image</label>
            <span class="numbers">{Math.round(100 * opacity)} %</span>
          </div>
          <input
            id="opacity"
            type="range"
            min="0"
            max="1"
            step="0.05"
            value={opacity}
            onInput={({ currentTarget }) => onOpacity(currentTarget.valueAsNumber)}
          />
        </div>
      </div>
    </div>
  );
}

function Exports({
  session,
  judged,
  threshold,
  detector,
  onFail,
}: {
  session: InspectSession;
  judged: readonly Judged[];
  threshold: number;
  detector: DetectorFacts;
  onFail: (error: unknown) => void;
}) {
  return (
    <div class="row">
      <button type="button" onClick={() => save('scores.csv', csvOf(judged, threshold))}>
        Save scores as CSV
      </button>
      <button type="button" onClick={() => save('scores.json', jsonOf(judged, threshold, detector))}>
        as JSON
      </button>
      <button
        type="button"
        onClick={() => {
          session.remote
            .maps(judged)
            .then((zip) => save('maps.zip', zip))
            .catch(onFail);
        }}
      >
        Save maps as PNG
      </button>
      <button type="button" onClick={() => session.clear()}>
        Remove all images
      </button>
    </div>
  );
}
