/** Files that the user dropped or chose. */
import type { ChosenFile } from './chosenFile.ts';

/** Files of an input element. */
export const chosen = (files: FileList): ChosenFile[] =>
  [...files].map((file) => ({ path: file.webkitRelativePath || file.name, file }));

/** All files that were dropped, those in folders too. */
export async function droppedFiles(items: DataTransferItemList): Promise<ChosenFile[]> {
  // The list is emptied once the event is over.
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found: ChosenFile[] = [];
  const visit = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) =>
        (entry as FileSystemFileEntry).file(resolve, reject),
      );
      found.push({ path: entry.fullPath.replace(/^\//, ''), file });
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (;;) {
      // A hundred at a time.
      const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (some.length === 0) return;
      for (const each of some) await visit(each);
    }
  };
  for (const entry of entries) await visit(entry);
  return found;
}

/** All files of a folder and those in it. */
export async function folderFiles(folder: FileSystemDirectoryHandle): Promise<ChosenFile[]> {
  const found: ChosenFile[] = [];
  const visit = async (each: FileSystemDirectoryHandle, path: string): Promise<void> => {
    for await (const entry of each.values()) {
      const name = `${path}/${entry.name}`;
      if (entry.kind === 'directory') await visit(entry, name);
      else found.push({ path: name, file: await entry.getFile() });
    }
  };
  await visit(folder, folder.name);
  return found;
}
