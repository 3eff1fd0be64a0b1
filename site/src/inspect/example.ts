import type { DetectorFiles, Picture } from './messages.ts';

/** The detector and images that come with the page (`npm run site:example` makes them). */
export async function loadExample(): Promise<{ detector: DetectorFiles; pictures: Picture[] }> {
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
