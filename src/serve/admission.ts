/** What requests hold while they are under way. */
export interface Admission {
  /** Places and bytes that are held. */
  readonly images: number;
  readonly bytes: number;
  /** @returns null where there is no room for them. */
  admit(images: number, bytes: number): Ticket | null;
}

/** The room of one request. */
export interface Ticket {
  /** Room for one more image. @returns false where there is none. */
  another(): boolean;
  release(): void;
}

/** @param most images and bytes that may be held at once. A single request may always have its bytes. */
export function admission(most: { readonly images: number; readonly bytes: number }): Admission {
  let [images, bytes] = [0, 0];
  return {
    get images() {
      return images;
    },
    get bytes() {
      return bytes;
    },
    admit(own, ownBytes) {
      if (images + own > most.images || (images > 0 && bytes + ownBytes > most.bytes)) return null;
      images += own;
      bytes += ownBytes;
      let open = true;
      return {
        another() {
          if (images >= most.images) return false;
          images += 1;
          own += 1;
          return true;
        },
        release() {
          if (!open) return;
          open = false;
          images -= own;
          bytes -= ownBytes;
        },
      };
    },
  };
}
