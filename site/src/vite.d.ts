/// <reference types="vite/client" />

/** Only Chromium has it. */
interface Window {
  showDirectoryPicker?(): Promise<FileSystemDirectoryHandle>;
}
