import { useEffect, useMemo, useState } from 'preact/hooks';
import type { ChosenFile } from '../files/chosenFile.ts';
import { DropZone } from '../files/DropZone.tsx';
import { FileButton } from '../files/FileButton.tsx';
import { Shell, save, Wrong } from '../shell.tsx';
import { LossPlot } from './LossPlot.tsx';
import type { Choice, Chosen, Kept } from './messages.ts';
import { Settings } from './Settings.tsx';
import { EMPTY, IN_WORDS, type Running, TrainSession } from './session.ts';

/** A run folder has it. */
const RUN = /^([^/]+\/)?config\.json$/;
const WEIGHTS = /\.(safetensors|pth|pt)$/i;

export function Train() {
  const [state, setState] = useState(EMPTY);
  const [weights, setWeights] = useState<ChosenFile | null>(null);
  const session = useMemo(() => new TrainSession(setState), []);
  useEffect(() => session.begin(), [session]);
  const { chosen, adopted, running, kept, presets, adapter, pausing, failure } = state;
  const isBusy = running !== null && running.ended === null;
  const take = (files: readonly ChosenFile[]): void => {
    const [only] = files;
    if (files.length === 1 && WEIGHTS.test(only!.path)) setWeights(only!);
    else if (files.some(({ path }) => RUN.test(path))) session.adopt(files);
    else session.choose(files);
  };
  const [choice, setChoice] = useState<Omit<Choice, 'leaveOut'> | null>(null);
  const start = (settings: Omit<Choice, 'leaveOut'>, leaveOut: boolean): void => {
    setChoice(settings);
    session.start({ ...settings, leaveOut });
  };

  return (
    <Shell page="Train" adapter={adapter}>
      <DropZone
        says="Drop a folder of normal images, or an encoder's weights"
        onDrop={(files) => session.try(files.then(take))}
      >
        <div class="stack">
          <div>
            <h1>Train a detector</h1>
            <p class="lead">
              A detector learns from normal images alone, of one kind or of many, on this machine; none of
              them leaves it. It becomes a run folder as <code>wgad train</code> makes it.
            </p>
          </div>
          <Images chosen={chosen} onFiles={take} />
          <Settings
            presets={presets}
            weights={weights}
            isReady={chosen !== null && !isBusy}
            adopted={adopted}
            onAdopt={(files) => session.adopt(files)}
            onWeights={(files) => setWeights(files[0] ?? null)}
            onStart={(settings) => start(settings, false)}
          />
          {failure && <Wrong failure={failure} />}
          {running && (
            <Progress
              running={running}
              pausing={pausing}
              canGoOn={kept.some(({ id, state: each }) => id === running.id && each === 'unfinished')}
              session={session}
              onLeaveOut={() => choice && start(choice, true)}
            />
          )}
          <KeptTrainings kept={kept} busy={isBusy ? running.id : null} session={session} />
        </div>
      </DropZone>
    </Shell>
  );
}

const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

function Images({
  chosen,
  onFiles,
}: {
  chosen: Chosen | null;
  onFiles: (files: readonly ChosenFile[]) => void;
}) {
  return (
    <section class="card stack" aria-label="Images">
      <h2>Images</h2>
      {chosen ? (
        <p role="status">
          {counted(chosen.count, 'image')} in {chosen.name}
          {chosen.classes.length > 1 && <>: {chosen.classes.join(', ')}</>}
        </p>
      ) : (
        <p class="soft">
          A folder of normal images; a data set’s folder, of which <code>train</code> is taken, does too.
        </p>
      )}
      {chosen?.notes.map((note) => (
        <p class="notice" key={note}>
          {note}
        </p>
      ))}
      <div class="row">
        <FileButton label="Choose a folder" folder main={chosen === null} onFiles={onFiles} />
      </div>
    </section>
  );
}

function Progress({
  running,
  pausing,
  canGoOn,
  session,
  onLeaveOut,
}: {
  running: Running;
  pausing: boolean;
  canGoOn: boolean;
  session: TrainSession;
  onLeaveOut: () => void;
}) {
  const { id, progress, stages, losses, saved, notes, ended } = running;
  const trained = Object.entries(stages).filter(([stage]) => losses.some((each) => each.stage === stage));
  return (
    <section class="card stack" aria-label="Training">
      <h2>Training</h2>
      <div>
        <p role="status">{pausing ? 'Saving, then pausing…' : statusOf(running)}</p>
        {progress && !ended && (
          <progress
            aria-label={IN_WORDS[progress.doing]}
            {...(progress.of > 0 && { value: progress.done, max: progress.of })}
          />
        )}
      </div>
      {notes.map((note) => (
        <p class="notice" key={note}>
          {note}
        </p>
      ))}
      {ended?.how === 'failed' && <Wrong failure={ended.failure} />}
      {ended?.how === 'refused' && (
        <div class="stack">
          <p class="notice wrong">
            {counted(ended.refused.length, 'image')} cannot be read. Nothing was trained.
          </p>
          <ul class="refused small">
            {ended.refused.map(({ path, error }) => (
              <li key={path}>
                {error.message}
                {error.fix && <span class="soft">: {error.fix}</span>}
              </li>
            ))}
          </ul>
          {ended.readable > 0 && (
            <button type="button" onClick={onLeaveOut}>
              Train on the other {ended.readable}
            </button>
          )}
        </div>
      )}
      {trained.length > 0 && (
        <div class="plots">
          {trained.map(([stage, of]) => (
            <LossPlot
              key={stage}
              name={IN_WORDS[stage as keyof typeof IN_WORDS].toLowerCase()}
              points={losses.filter((each) => each.stage === stage)}
              of={of}
            />
          ))}
        </div>
      )}
      <div class="row">
        {!ended && (
          <button type="button" disabled={pausing} onClick={() => session.pause()}>
            Pause
          </button>
        )}
        {ended && canGoOn && (
          <button type="button" class="main" onClick={() => session.goOn(id)}>
            Go on
          </button>
        )}
        {ended?.how === 'finished' && (
          <>
            <ZipButton id={id} name="run" session={session} main />
            <a class="button" href={`./index.html?training=${id}`}>
              Judge images by it
            </a>
          </>
        )}
        {saved && !ended && <span class="soft small">saved: {savedText(saved)}</span>}
      </div>
    </section>
  );
}

function statusOf({ progress, ended, saved }: Running): string {
  if (ended?.how === 'finished') return 'Trained.';
  if (ended?.how === 'dropped') return 'Stopped, before anything was trained.';
  if (ended?.how === 'paused') return `Paused${saved ? `; saved: ${savedText(saved)}` : ''}.`;
  if (ended || !progress) return '';
  const { doing, done, of, left } = progress;
  const counts = of > 0 ? `: ${done} of ${of}` : '…';
  return `${IN_WORDS[doing]}${counts}${left === undefined ? '' : `, ${timeText(left)} left`}`;
}

const savedText = ({ stage, step }: NonNullable<Kept['saved']>): string =>
  `${IN_WORDS[stage].toLowerCase()}, step ${step}`;

/** Such as `about 3 min`. @param seconds to come. */
function timeText(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `about ${minutes} min` : `about ${(minutes / 60).toFixed(1)} h`;
}

function KeptTrainings({
  kept,
  busy,
  session,
}: {
  kept: readonly Kept[];
  /** The one under way. */
  busy: string | null;
  session: TrainSession;
}) {
  const shown = kept.filter(({ id }) => id !== busy);
  if (shown.length === 0) return null;
  return (
    <section class="card stack" aria-label="Trainings in this browser">
      <h2>Trainings in this browser</h2>
      <ul class="trainings">
        {shown.map(({ id, name, begun, about, state, saved }) => (
          <li key={id}>
            <div>
              <strong>{name}</strong> <span class="soft small">{new Date(begun).toLocaleString()}</span>
              <p class="small">
                {about};{' '}
                {state === 'finished' ? 'trained' : saved ? `saved: ${savedText(saved)}` : 'not begun'}
              </p>
            </div>
            <div class="row">
              {state === 'unfinished' && (
                <button type="button" disabled={busy !== null} onClick={() => session.goOn(id)}>
                  Go on<span class="hidden"> with {name}</span>
                </button>
              )}
              <ZipButton id={id} name={name} session={session} />
              {state === 'finished' && (
                <a class="button" href={`./index.html?training=${id}`}>
                  Judge images<span class="hidden"> by {name}</span>
                </a>
              )}
              <button
                type="button"
                onClick={() => {
                  if (confirm(`Remove the training on ${name} from this browser?`)) session.remove(id);
                }}
              >
                Remove<span class="hidden"> {name}</span>
              </button>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function ZipButton({
  id,
  name,
  session,
  main = false,
}: {
  id: string;
  name: string;
  session: TrainSession;
  main?: boolean;
}) {
  return (
    <button
      type="button"
      class={main ? 'main' : undefined}
      onClick={() => session.try(session.remote.zip(id).then((zip) => save(`${name}.zip`, zip)))}
    >
      Save as zip<span class="hidden"> {name}</span>
    </button>
  );
}
