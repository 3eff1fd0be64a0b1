import { useState } from 'preact/hooks';
import { EMBEDDED_ENCODERS, type EmbeddedEncoder } from '../../../src/models/embedded.ts';
import type { ChosenFile } from '../files/chosenFile.ts';
import { FileButton } from '../files/FileButton.tsx';
import type { Adopted, Choice, NumberName, Presets } from './messages.ts';

type Settled = Omit<Choice, 'leaveOut'>;

type FieldName = NumberName | 'seed' | 'saveEvery';

/** Numbers with what they are called: those that a preset sets, then others. */
const FIELDS: readonly (readonly [FieldName, string])[] = [
  ['size', 'Image side, px'],
  ['batch', 'Images per step'],
  ['iterations', 'Steps of the detector'],
  ['lr', 'Learning rate'],
  ['alignIterations', 'Steps of the alignment'],
  ['seed', 'Seed'],
  ['saveEvery', 'Save every … seconds'],
];
const OTHERS = { seed: 0, saveEvery: 30 };

const OWN = 'own';

/** How a detector is trained. */
export function Settings({
  presets,
  weights,
  adopted,
  isReady,
  onAdopt,
  onWeights,
  onStart,
}: {
  /** What presets say; null before the worker has told. */
  presets: Presets | null;
  /** The file of weights that was opened. */
  weights: ChosenFile | null;
  /** The run folder that goes on, in place of a new training. */
  adopted: Adopted | null;
  isReady: boolean;
  onAdopt: (files: readonly ChosenFile[] | null) => void;
  onWeights: (files: readonly ChosenFile[]) => void;
  onStart: (choice: Settled) => void;
}) {
  const [preset, setPreset] = useState<Settled['preset']>('quick');
  const [encoder, setEncoder] = useState<EmbeddedEncoder | typeof OWN>('resnet18_w32');
  // As typed: a half-typed number is none yet.
  const [texts, setTexts] = useState<Partial<Record<FieldName, string>>>({});
  const [before, setBefore] = useState(weights);
  // A file that was just opened is meant.
  if (weights !== before) {
    setBefore(weights);
    setEncoder(OWN);
  }
  const usual = presets && { ...presets[preset], ...OTHERS };
  const numbers = Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === '' ? [] : [[name, Number(text)]])),
  ) as Partial<Record<FieldName, number>>;
  const isWhole = encoder !== OWN || weights !== null;
  return (
    <section class="card stack" aria-label="Settings">
      <h2>Settings</h2>
      {adopted && (
        <p role="status">
          {adopted.name} goes on: {adopted.about}, with the settings it was begun with.
        </p>
      )}
      <div class="row" hidden={adopted !== null}>
        <label>
          Preset{' '}
          <select
            value={preset}
            onChange={({ currentTarget }) => {
              setPreset(currentTarget.value as Settled['preset']);
              setTexts({});
            }}
          >
            <option value="quick">quick: a first look in minutes</option>
            <option value="paper">paper: as published</option>
          </select>
        </label>
        <label>
          Encoder{' '}
          <select
            value={encoder}
            onChange={({ currentTarget }) => setEncoder(currentTarget.value as typeof encoder)}
          >
            {EMBEDDED_ENCODERS.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
            {weights && <option value={OWN}>{weights.path}</option>}
          </select>
        </label>
      </div>
      <div class="row">
        <FileButton label="Open other weights" accept=".safetensors,.pth,.pt" onFiles={onWeights} />
        {adopted ? (
          <button type="button" onClick={() => onAdopt(null)}>
            A new training instead
          </button>
        ) : (
          <FileButton label="Go on with a run folder" folder onFiles={onAdopt} />
        )}
      </div>
      <details hidden={adopted !== null}>
        <summary>More settings</summary>
        <div class="fields">
          {FIELDS.map(([name, says]) => (
            <label key={name}>
              <span class="small">{says}</span>
              <input
                type="number"
                step="any"
                value={texts[name] ?? usual?.[name] ?? ''}
                onInput={({ currentTarget: { value } }) => setTexts({ ...texts, [name]: value })}
              />
            </label>
          ))}
        </div>
      </details>
      <button
        type="button"
        class="main"
        disabled={!isReady || !isWhole}
        onClick={() =>
          onStart({ preset, encoder: encoder === OWN ? weights! : encoder, ...OTHERS, ...numbers })
        }
      >
        {adopted ? 'Go on' : 'Train'}
      </button>
    </section>
  );
}
