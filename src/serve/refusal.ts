/** Why a request gets no answer: its status, and what its body says. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The server is full. @param seconds after which the client should try again (Retry-After). */
export const busy = (message: string, seconds: number): Refusal =>
  new Refusal(503, 'E_BUSY', message, { 'retry-after': String(Math.max(1, Math.ceil(seconds))) });

export const malformed = (message: string, status = 400): Refusal =>
  new Refusal(status, 'E_REQUEST', message);
