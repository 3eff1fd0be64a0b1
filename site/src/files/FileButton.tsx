import { useRef } from 'preact/hooks';
import type { ChosenFile } from './chosenFile.ts';
import { chosen, folderFiles } from './droppedFiles.ts';

/**
 * A button that asks for files, in place of the browser's own input, which cannot be styled. A folder is asked for through the
 * File System Access API where the browser has it: an input asks for leave to upload.
 */
export function FileButton({
  label,
  accept,
  folder = false,
  main = false,
  onFiles,
}: {
  label: string;
  accept?: string;
  folder?: boolean;
  main?: boolean;
  onFiles: (files: readonly ChosenFile[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const ask = async (): Promise<void> => {
    if (!folder || !window.showDirectoryPicker) return input.current?.click();
    try {
      onFiles(await folderFiles(await window.showDirectoryPicker()));
    } catch (error) {
      // Frames of other pages may not ask in this way. Who cancels wants nothing.
      if (!(error instanceof DOMException && error.name === 'AbortError')) input.current?.click();
    }
  };
  return (
    <>
      <button type="button" class={main ? 'main' : undefined} onClick={() => void ask()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        hidden
        multiple
        accept={accept}
        {...(folder && { webkitdirectory: true })}
        data-for={label}
        onChange={({ currentTarget }) => {
          if (currentTarget.files) onFiles(chosen(currentTarget.files));
          // The same files may be chosen again.
          currentTarget.value = '';
        }}
      />
    </>
  );
}
