import { shown } from '../errors.ts';

/**
 * A URL that is asked for. As text, which messages show, it is without what may be a secret: user name, password, query
 * and fragment.
 */
export class Address {
  readonly #url: URL;

  constructor(url: URL) {
    this.#url = url;
  }

  /** The file of this name below a base URL, whose query stays. */
  static of(base: string, file: string): Address {
    const url = new URL(base);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/${file}`;
    return new Address(url);
  }

  get protocol(): string {
    return this.#url.protocol;
  }

  /** Where a redirect leads; a user name and password go along to the same server only. Undefined where it is no URL. */
  redirected(location: string): Address | undefined {
    if (location === '' || !URL.canParse(location, this.#url)) return undefined;
    const next = new URL(location, this.#url);
    if (next.origin === this.#url.origin && next.username === '') {
      next.username = this.#url.username;
      next.password = this.#url.password;
    }
    return new Address(next);
  }

  /** What `fetch` takes, which refuses URLs with a user name: it goes as a header. */
  request(): { readonly url: string; readonly headers: Readonly<Record<string, string>> } {
    const bare = new URL(this.#url);
    bare.username = '';
    bare.password = '';
    const { username, password } = this.#url;
    if (username === '' && password === '') return { url: bare.href, headers: {} };
    const secret = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64');
    return { url: bare.href, headers: { authorization: `Basic ${secret}` } };
  }

  toString(): string {
    const { protocol, host, pathname, username, password, search, hash } = this.#url;
    const user = username === '' && password === '' ? '' : '…@';
    const rest = `${search === '' ? '' : '?…'}${hash === '' ? '' : '#…'}`;
    // Of `data:` and its like the path is the content.
    return shown(host === '' ? `${protocol}…` : `${protocol}//${user}${host}${pathname}${rest}`);
  }
}

/** A text that was to be a URL, without what looks like a secret in it. */
export const withoutSecrets = (text: string): string =>
  URL.canParse(text) && new URL(text).host !== ''
    ? `${new Address(new URL(text))}`
    : shown(text.replace(/^.*@/s, '…@').replace(/[?#].*$/s, '?…'));

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
