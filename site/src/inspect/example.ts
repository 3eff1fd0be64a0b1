import type { ChosenFile } from '../files/chosenFile.ts';
import { RUN_FILES, TRAININGS } from '../files/runFiles.ts';
import { fileIn, knownFolderAt } from '../files/storage.ts';
import type { DetectorFiles } from './messages.ts';

/** The detector and images that come with the page (`npm run site:example` makes them). */
export async function loadExample(): Promise<{ detector: DetectorFiles; pictures: ChosenFile[] }> {
  const load = async (name: string): Promise<Blob> => {
    const answer = await fetch(`./example/${name}`);
    if (!answer.ok) throw new Error(`example/${name} cannot be loaded: ${answer.status}`);
    return answer.blob();
  };
  const names = JSON.parse(await (await load('images.json')).text()) as string[];
  const [weights, ...files] = await Promise.all(['detector.wgad', ...names].map(load));
  return {
    detector: { name: 'the shipped example', weights: weights! },
    pictures: names.map((path, i) => ({ path, file: files[i]! })),
  };
}

/** A training that the Train page finished in this browser. @param id its folder there. */
export async function loadTraining(id: string): Promise<{ detector: DetectorFiles; pictures: ChosenFile[] }> {
  const folder = await knownFolderAt(TRAININGS, id);
  const weights = folder && (await fileIn(folder, RUN_FILES.weights));
  const config = folder && (await fileIn(folder, RUN_FILES.config));
  if (!weights || !config) throw new Error('this training is not in this browser any more');
  return { detector: { name: 'trained in this browser', weights, config }, pictures: [] };
}
