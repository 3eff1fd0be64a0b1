/** A stream of the process: a pipe may be slow, or closed. */
export interface Output {
  /**
   * Writes, and settles once the system has taken it all: waiting keeps no more than one text in memory before a slow
   * reader. @returns false where it could not be written, now or before; nothing is written then.
   */
  write(text: string): Promise<boolean>;
  /** The first error, if any. */
  readonly error: NodeJS.ErrnoException | undefined;
}

export function outputTo(stream: NodeJS.WritableStream): Output {
  let error: NodeJS.ErrnoException | undefined;
  const fail = (cause: Error): void => {
    error ??= cause;
  };
  // Without a listener, the error event of a failed write would end the process.
  stream.on('error', fail);
  return {
    write: (text) =>
      new Promise((settle) => {
        if (error) settle(false);
        else {
          stream.write(text, (cause) => {
            if (cause) fail(cause);
            settle(!cause);
          });
        }
      }),
    get error() {
      return error;
    },
  };
}
