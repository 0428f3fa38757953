import { type Finding, figure, finding } from './file-finding.ts';
import type { Pieces } from './read-piece.ts';

/** The format's own limit for its header. */
const HEADER_LIMIT = 100_000_000;

/** The head of a .safetensors file: where its bytes should end, and the name of one tensor in it. */
interface TensorHeader {
  readonly endsAt: number;
  readonly tensor: string | null;
}

/** Reads the header: a length of eight bytes, then JSON with the place of each tensor. A finding where that cannot be. */
function readTensorHeader({ size, at }: Pieces): TensorHeader | Finding {
  if (size < 8) return finding('truncated', `It has ${figure(size)} bytes, less than the head of its format.`);
  const length = Number(at(0, 8).readBigUInt64LE());
  if (length === 0) return finding('corrupt', 'It starts with zeros where its format has the length of a header.');
  if (length > HEADER_LIMIT) return finding('corrupt', 'It does not start as a safetensors file does.');
  if (length > size - 8)
    return finding('truncated', `It has ${figure(size)} bytes; its header alone has ${figure(length + 8)}.`);
  let header: unknown;
  try {
    header = JSON.parse(at(8, length).toString('utf8'));
  } catch {
    return finding('corrupt', 'Its header is not JSON.');
  }
  if (typeof header !== 'object' || header === null) return finding('corrupt', 'Its header names no tensors.');
  let end = 0;
  let tensor: string | null = null;
  for (const [name, value] of Object.entries(header as Readonly<Record<string, unknown>>)) {
    if (name === '__metadata__') continue;
    const offsets = (value as { readonly data_offsets?: unknown } | null)?.data_offsets;
    const last: unknown = Array.isArray(offsets) ? offsets[1] : undefined;
    if (typeof last !== 'number') return finding('corrupt', `Its header gives no place for the tensor ${name}.`);
    end = Math.max(end, last);
    tensor ??= name;
  }
  return { endsAt: 8 + length + end, tensor };
}

/** Null when the file ends where its header says. */
export function checkTensors(pieces: Pieces, noteTensor: (name: string) => void): Finding | null {
  const header = readTensorHeader(pieces);
  if ('state' in header) return header;
  if (header.tensor !== null) noteTensor(header.tensor);
  const { size } = pieces;
  if (header.endsAt === size) return null;
  const why = `It has ${figure(size)} bytes; its own header says ${figure(header.endsAt)}.`;
  return finding(size < header.endsAt ? 'truncated' : 'oversize', why);
}
