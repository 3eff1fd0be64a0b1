/** Recognises files that are not weights, or of an unsupported kind, by their first bytes, for error messages. */
import { shown } from '../errors.ts';

export interface Foreign {
  /** After "is": `an HTML page`. */
  readonly what: string;
  readonly fix: string;
}

const AGAIN = 'download it again: wgad weights fetch, or the link of the raw file in a browser';
const SIGN_IN = `${AGAIN}; a server may want you to sign in first`;
const UNPACK = 'unpack it and give the weight file that is inside';
const EXPORT = 'load it with the library that wrote it, and save its tensors as safetensors';
/** Advice for an unsupported torch.save file. */
export const RESAVE =
  'load it with PyTorch and save its state dict again: torch.save(model.state_dict(), path)';
const OTHER = 'give the weight file itself: safetensors, or what torch.save wrote';

type Mark = readonly [at: number, bytes: string, what: string, fix: string];

/** Marks in ISO 8859-1, where in the file they stand. */
const MARKS: readonly Mark[] = [
  [0, 'PYTORCH1', 'an archive of a PyTorch preview', RESAVE],
  [0, '\x1f\x8b', 'a gzip archive', UNPACK],
  [0, 'BZh', 'a bzip2 archive', UNPACK],
  [0, '\xfd7zXZ\0', 'an xz archive', UNPACK],
  [0, '\x28\xb5\x2f\xfd', 'a zstd archive', UNPACK],
  [0, '\x04\x22\x4d\x18', 'an lz4 archive', UNPACK],
  [0, '7z\xbc\xaf\x27\x1c', 'a 7z archive', UNPACK],
  [0, 'Rar!\x1a\x07', 'a RAR archive', UNPACK],
  [0, 'PK\x05\x06', 'an empty zip archive', AGAIN],
  [0, 'PK\x07\x08', 'a part of a split zip archive', UNPACK],
  [0, '\x89HDF\r\n\x1a\n', 'an HDF5 file, as Keras and TensorFlow write', EXPORT],
  [0, 'CDF', 'a NetCDF file', EXPORT],
  [0, '\x93NUMPY', 'a NumPy array (.npy)', EXPORT],
  [0, 'GGUF', 'a GGUF file of llama.cpp', 'take the safetensors or PyTorch file of the same model'],
  [0, 'ggml', 'a GGML file of llama.cpp', 'take the safetensors or PyTorch file of the same model'],
  [0, 'tjgg', 'a GGJT file of llama.cpp', 'take the safetensors or PyTorch file of the same model'],
  [4, 'TFL3', 'a TensorFlow Lite model', 'take the safetensors or PyTorch file of the same model'],
  [4, 'ORTM', 'a model of ONNX Runtime', 'take the safetensors or PyTorch file of the same model'],
  [0, 'MATLAB 5.0', 'a MATLAB file', EXPORT],
  [0, 'PAR1', 'a Parquet table', OTHER],
  [0, 'ARROW1', 'an Arrow file', OTHER],
  [0, 'SQLite format 3\0', 'an SQLite database', OTHER],
  [0, '\x89PNG\r\n\x1a\n', 'a PNG image', OTHER],
  [0, '\xff\xd8\xff', 'a JPEG image', OTHER],
  [0, 'GIF8', 'a GIF image', OTHER],
  [0, 'BM', 'a BMP image', OTHER],
  [0, 'II*\0', 'a TIFF image', OTHER],
  [0, 'MM\0*', 'a TIFF image', OTHER],
  [0, 'II+\0', 'a BigTIFF image', OTHER],
  [0, 'MM\0+', 'a BigTIFF image', OTHER],
  [0, '8BPS', 'a Photoshop image', OTHER],
  [0, '\0\0\0\x0cjP  ', 'a JPEG 2000 image', OTHER],
  [8, 'WEBP', 'a WebP image', OTHER],
  [4, 'ftyp', 'a video or a HEIF image', OTHER],
  [0, '%PDF', 'a PDF document', OTHER],
  [0, '\x7fELF', 'a program or library', OTHER],
  [0, 'MZ', 'a program or library', OTHER],
  [0, '\xcf\xfa\xed\xfe', 'a program or library', OTHER],
  [0, '\xca\xfe\xba\xbe', 'a program or library', OTHER],
];

/** Patterns of JSON files that lie beside weights. */
const JSONS: readonly (readonly [RegExp, string, string])[] = [
  [
    /"weight_map"/,
    'an index of weights in several files (shards)',
    'join them: load the model with its library and save one safetensors file',
  ],
  [/"(architectures?|model_type|pretrained_cfg|_class_name)"/, "a model's configuration (JSON)", OTHER],
  [/"(error|message|detail|errors)"\s*:/, 'an error message of a server (JSON)', SIGN_IN],
];

/** An archive without entries is zeros alone, filled up to one block of 20 records. */
const MOST_OF_EMPTY_TAR = 20 * 512;

/** The kind of a file of `size` bytes that begins with `lead`; null if unknown. */
export function foreignFile(lead: Uint8Array, size: number): Foreign | null {
  if (size === 0) return { what: 'empty', fix: AGAIN };
  const text = Array.from(lead, (byte) => String.fromCharCode(byte)).join('');
  const mark = MARKS.find(([at, bytes]) => text.startsWith(bytes, at));
  if (mark) return { what: mark[2], fix: mark[3] };
  if (lead.every((byte) => byte === 0)) {
    const isTarSize = size >= 1024 && size <= MOST_OF_EMPTY_TAR && size % 512 === 0;
    return {
      what: isTarSize
        ? 'nothing but zeros: an empty tar archive, or a download that only reserved its place'
        : 'nothing but zeros at its beginning: a download that only reserved its place',
      fix: AGAIN,
    };
  }
  return ofText(lead) ?? ofTar(text) ?? ofPickle(text) ?? ofProtobuf(lead) ?? ofLength(lead, size);
}

function ofText(lead: Uint8Array): Foreign | null {
  const text = readable(lead);
  if (text === null) return null;
  const begin = text.trimStart();
  if (begin.startsWith('version https://git-lfs.github.com/spec/')) {
    const bytes = /^size (\d+)$/m.exec(begin)?.[1];
    return {
      what: `a Git LFS pointer, not the file itself${bytes ? ` (${bytes} bytes)` : ''}`,
      fix: 'run `git lfs pull` in its repository, or download the file from its page',
    };
  }
  if (/^(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<(!doctype html|html|head|body|script)\b/i.test(begin))
    return { what: 'an HTML page', fix: SIGN_IN };
  if (begin.startsWith('<'))
    return { what: 'an XML text, such as a server sends for an error', fix: SIGN_IN };
  if (/^[{[]/.test(begin)) {
    const known = JSONS.find(([told]) => told.test(begin));
    return known ? { what: known[1], fix: known[2] } : { what: 'a JSON text', fix: OTHER };
  }
  const pickle = textPickle(begin);
  if (pickle) return pickle;
  const [line = ''] = begin.split(/\r?\n/, 1);
  return { what: `a text: "${shown(line, 60)}"`, fix: AGAIN };
}

/** Bytes below a space that stand in texts: white space, and the escape of coloured output. */
const IN_TEXTS = new Set([...'\t\n\v\f\r\u001b'].map((each) => each.charCodeAt(0)));
/** A text in an old encoding has at least this share of ASCII; most others are noise. */
const LEAST_ASCII = 0.5;

/** UTF-8, UTF-16 with its mark, or Latin-1, without control characters; null for anything else. */
function readable(lead: Uint8Array): string | null {
  const wide =
    lead[0] === 0xff && lead[1] === 0xfe
      ? 'utf-16le'
      : lead[0] === 0xfe && lead[1] === 0xff
        ? 'utf-16be'
        : null;
  const text = decoded(lead, wide ?? 'utf-8') ?? oldText(lead);
  for (let i = 0; text !== null && i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && !IN_TEXTS.has(code)) || code === 0x7f) return null;
  }
  return text;
}

function decoded(lead: Uint8Array, encoding: string): string | null {
  try {
    // As a stream: the lead may end inside a character.
    return new TextDecoder(encoding, { fatal: true }).decode(lead, { stream: true });
  } catch {
    return null;
  }
}

/** Latin-1 as Windows extends it; null where the bytes are hardly a text of any language that it is for. */
function oldText(lead: Uint8Array): string | null {
  const ascii = lead.reduce((sum, byte) => sum + (byte < 0x80 ? 1 : 0), 0);
  return ascii >= LEAST_ASCII * lead.length ? new TextDecoder('windows-1252').decode(lead) : null;
}

/** A tar archive has its mark in its first header; PyTorch's members may come after a header of extended attributes. */
function ofTar(text: string): Foreign | null {
  if (text.slice(257, 262) !== 'ustar' && !TAR_CHECKSUM.test(text.slice(148, 156))) return null;
  const headers = Array.from({ length: Math.ceil(text.length / 512) }, (_, i) => text.slice(512 * i));
  return headers.some((header) => TORCH_MEMBER.test(header))
    ? { what: 'a tar archive of torch.save, as PyTorch 0.1 wrote it', fix: RESAVE }
    : { what: 'a tar archive', fix: UNPACK };
}

/** Six octal digits, a zero byte and a space: archives older than the mark have it too. */
const TAR_CHECKSUM = /^[0-7 ]{6}\0 $/;
const TORCH_MEMBER = /^(\.\/)?(sys_info|pickle|tensors|storages)\0/;

/** Protocols 0 and 1 of pickle are text. */
function textPickle(text: string): Foreign | null {
  return /^(\(dp?\d*|\(lp?\d*|ccollections|c__builtin__|ccopy_reg|cnumpy|ctorch)/.test(text)
    ? { what: 'a plain pickle in text form, not a file of torch.save', fix: RESAVE }
    : null;
}

function ofPickle(text: string): Foreign | null {
  const protocol = text.charCodeAt(1);
  if (text[0] === '\x80' && protocol >= 2 && protocol <= 5) {
    const library = /(numpy|joblib|sklearn|paddle|jax|flax|haiku|tensorflow|keras)/.exec(text)?.[1];
    return {
      what: `a plain pickle${library ? ` with objects of ${library}` : ''}, not a file of torch.save`,
      fix: library === undefined ? RESAVE : EXPORT,
    };
  }
  return textPickle(text);
}

/** Protocol buffers have no mark: told by their first fields. */
function ofProtobuf(lead: Uint8Array): Foreign | null {
  const [first, version, next] = lead;
  if (first !== 0x08 || version === 0 || version! > 20) return null;
  if (version === 1 && next === 0x12) return { what: 'a SavedModel of TensorFlow', fix: EXPORT };
  // The producer's name, or the graph, after the format's version.
  if (next !== 0x12 && next !== 0x3a && next !== 0x42) return null;
  return { what: 'an ONNX model', fix: 'take the safetensors or PyTorch file of the same model' };
}

/** A safetensors file whose header is longer than the file. */
function ofLength(lead: Uint8Array, size: number): Foreign | null {
  if (lead.length < 9 || lead[8] !== 0x7b) return null;
  const header = new DataView(lead.buffer, lead.byteOffset).getBigUint64(0, true);
  return {
    what: `the beginning of a safetensors file, cut short: its header alone claims ${header} bytes, there are ${size}`,
    fix: AGAIN,
  };
}

/** A zip archive of something else, told by its entries' names. */
export function foreignZip(names: Iterable<string>): Foreign | null {
  const all = [...names].slice(0, 10_000);
  const has = (told: RegExp): boolean => all.some((name) => told.test(name));
  if (all.length > 0 && all.every((name) => /\.npy$/.test(name)))
    return { what: 'NumPy arrays (.npz)', fix: EXPORT };
  if (has(/(^|\/)model\.weights\.h5$/)) return { what: 'a Keras model (.keras)', fix: EXPORT };
  if (has(/\.(mlmodel|mlpackage)\b|coremldata/)) return { what: 'a Core ML model', fix: EXPORT };
  if (has(/^(word|xl|ppt)\//)) return { what: 'an Office document', fix: OTHER };
  if (has(/^META-INF\//)) return { what: 'a Java archive', fix: OTHER };
  const inner = all.find((name) => /\.(safetensors|pth|pt|bin|ckpt)$/.test(name));
  if (inner !== undefined) return { what: `a zip archive with ${shown(inner)} inside`, fix: UNPACK };
  return null;
}
