/** Limits of what a server accepts. */
export interface ServeLimits {
  /** Bytes of a request's body. */
  readonly bytes: number;
  /** Pixels of an image. */
  readonly pixels: number;
  /** Images of a request. */
  readonly images: number;
  /** Seconds in which a request has to arrive, and again in which it has to be answered. */
  readonly seconds: number;
  /** Images of all requests under way. */
  readonly queue: number;
  /** Milliseconds that an image waits for others to be judged with. */
  readonly waitMs: number;
}

export const LIMITS: ServeLimits = {
  bytes: 32 * 2 ** 20,
  pixels: 50_000_000,
  images: 64,
  seconds: 30,
  queue: 256,
  waitMs: 10,
};

/** Bytes of the bodies of all requests under way. */
export const MOST_HELD_BYTES = 256 * 2 ** 20;
