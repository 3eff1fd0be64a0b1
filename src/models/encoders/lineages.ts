import type { EncoderFamilyRecord } from './family.ts';

/**
 * The members that a file may be for: those with the network of `asked` that its metadata describe and its names'
 * publisher has; without such a member those that the metadata describe.
 * @param metadata of the file, as `PublishedNames.lineageNote` writes them; empty where it says nothing.
 */
export function lineagesOf<Config, Name extends string>(
  { members, published }: Pick<EncoderFamilyRecord<Config, Name>, 'members' | 'published'>,
  publisher: string,
  metadata: ReadonlyMap<string, string>,
  asked: Name,
): Name[] {
  if (!published) return [asked];
  const { publishers, networkOf, lineageNote, own } = published;
  const agrees = ([key, value]: [string, string]): boolean => (metadata.get(key) ?? value) === value;
  const described = (Object.keys(members) as Name[]).filter(
    (name) =>
      networkOf(members[name]) === networkOf(members[asked]) &&
      Object.entries(lineageNote(members[name])).every(agrees),
  );
  const theirs = described.filter((name) => publishers[name].includes(publisher));
  if (theirs.length > 0) return theirs;
  const said = Object.keys(lineageNote(members[asked])).some((key) => metadata.has(key));
  return said || publisher === own ? described : [];
}
