import { extname } from 'node:path';
import { type Finding, figure, finding } from './file-finding.ts';
import { type Pieces, withPieces } from './read-piece.ts';
import { sniffContent } from './sniff-content.ts';
import { checkTensors } from './tensor-header.ts';

/** As much of a file as tells what it is. */
const START_BYTES = 512;
/**
 * Above this only the first and the last sign of a JSON file are looked at: to parse the vocabularies of a store takes longer than all the
 * rest, and what it would find beyond a cut is what digests are for.
 */
const WHOLE_JSON_BYTES = 16 << 10;
/** A zip file ends with a record of 22 bytes and a comment of at most 65,535. */
const ZIP_END_BYTES = 22;
const ZIP_COMMENT_BYTES = 65_535;
const ZIP_END = Buffer.from('PK\x05\x06', 'latin1');
/** More parts than this no exporter writes at the top level of an ONNX file. */
const ONNX_PARTS = 256;

type Check = (pieces: Pieces, noteTensor: (name: string) => void) => Finding | null;

const CHECKS: Readonly<Record<string, Check>> = {
  '.safetensors': checkTensors,
  '.json': checkJson,
  '.pth': checkTorch,
  '.pt': checkTorch,
  '.th': checkTorch,
  '.ckpt': checkTorch,
  '.jit': checkZip,
  '.npz': checkZip,
  '.zip': checkZip,
  '.bin': checkBinary,
  '.onnx': checkOnnx,
  '.gguf': (pieces) => (startsWith(pieces, 'GGUF') ? null : notA('gguf', pieces)),
  '.npy': (pieces) => (startsWith(pieces, '\x93NUMPY') ? null : notA('npy', pieces)),
};

/**
 * Looks whether a file is of the kind its name says and ends where its own header says, by a few small reads. Null when nothing speaks
 * against it: that is no proof, only a digest is. Errors of node:fs pass as they are.
 * @param noteTensor is told the name of one tensor of a safetensors file
 */
export function checkHeader(
  path: string,
  { name, size }: { readonly name: string; readonly size: number },
  noteTensor: (name: string) => void = () => {},
): Finding | null {
  return withPieces(
    path,
    size,
    (pieces) =>
      sniffContent(pieces.at(0, START_BYTES), size) ??
      CHECKS[extname(name).toLowerCase()]?.(pieces, noteTensor) ??
      null,
  );
}

const startsWith = ({ at }: Pieces, text: string): boolean => at(0, text.length).toString('latin1') === text;
const notA = (kind: string, { size }: Pieces): Finding =>
  finding('corrupt', `It does not start as a ${kind} file does (${figure(size)} bytes).`);

function checkJson({ at, size }: Pieces): Finding | null {
  if (size <= WHOLE_JSON_BYTES) {
    try {
      JSON.parse(at(0, size).toString('utf8'));
      return null;
    } catch {
      return finding('corrupt', 'It is not JSON.');
    }
  }
  const first = at(0, 64).toString('latin1').trimStart()[0] ?? '';
  const last =
    at(size - 64, 64)
      .toString('latin1')
      .trimEnd()
      .at(-1) ?? '';
  return ['{}', '[]'].includes(first + last) ? null : finding('corrupt', 'It does not start and end as JSON does.');
}

/** A zip file starts as one and has a table of its contents at the end, so that a cut one is known without reading it. */
function checkZip(pieces: Pieces): Finding | null {
  const { at, size } = pieces;
  if (!startsWith(pieces, 'PK\x03\x04')) return notA('zip', pieces);
  const end = Math.min(size, ZIP_END_BYTES);
  if (at(size - end, 4).equals(ZIP_END)) return null;
  const tail = at(Math.max(0, size - ZIP_END_BYTES - ZIP_COMMENT_BYTES), ZIP_END_BYTES + ZIP_COMMENT_BYTES);
  if (tail.includes(ZIP_END)) return null;
  return finding(
    'truncated',
    `It starts as a zip file and has no table of contents at its end (${figure(size)} bytes).`,
  );
}

/** A pickle: the older form of PyTorch's files, which does not say where it ends. */
const isPickle = ({ at }: Pieces): boolean => {
  const [mark, protocol = 99] = at(0, 2);
  return mark === 0x80 && protocol <= 5;
};

function checkTorch(pieces: Pieces): Finding | null {
  return isPickle(pieces) || pieces.at(257, 5).toString('latin1') === 'ustar' ? null : checkZip(pieces);
}

/** `.bin` may be anything: PyTorch's, CTranslate2's, ggml's. Nobody's starts with zeros alone. */
function checkBinary(pieces: Pieces): Finding | null {
  if (startsWith(pieces, 'PK')) return checkZip(pieces);
  const start = pieces.at(0, START_BYTES);
  if (start.length < 16 || start.some((byte) => byte !== 0)) return null;
  return finding('corrupt', 'It starts with zeros: its room was taken and not filled.');
}

/** Goes from part to part of the outermost message, each of which says its length; the last must end with the file. */
function checkOnnx(pieces: Pieces): Finding | null {
  const { size } = pieces;
  let at = 0;
  for (let part = 0; at < size && part < ONNX_PARTS; part += 1) {
    const bytes = pieces.at(at, 20);
    const tag = readVarint(bytes, 0);
    const value = tag === null ? null : readVarint(bytes, tag.next);
    if (tag === null || value === null || tag.value >>> 3 === 0) return notA('onnx', pieces);
    switch (tag.value & 7) {
      case 0:
        at += value.next;
        break;
      case 1:
        at += tag.next + 8;
        break;
      case 2:
        at += value.next + value.value;
        break;
      case 5:
        at += tag.next + 4;
        break;
      default:
        return notA('onnx', pieces);
    }
  }
  return at <= size ? null : finding('truncated', `It has ${figure(size)} bytes; its own parts need ${figure(at)}.`);
}

function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let index = from; index < bytes.length && index < from + 10; index += 1) {
    const byte = bytes[index] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (index - from));
    if (byte < 0x80) return { value, next: index + 1 };
  }
  return null;
}
