/** What an engine reports about its runs. */
export interface PeerRuns {
  /** What it chose for this network, for the record. */
  readonly detail?: string;
  /**
   * Milliseconds of the last run as the engine measured them, from images in host memory to the result in host memory:
   * where it runs in another process, the way there is not its own.
   */
  ownMs?(): number;
  close(): Promise<void>;
}
