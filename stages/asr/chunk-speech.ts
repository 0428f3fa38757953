import type { SpeechRegion } from '../../shared/contract/utterance.ts';
import { pauseEdges } from './pause-edges.ts';
import { type Leaning, quietestPlace, type Range } from './quietest-place.ts';
import type { Sound } from './sound.ts';

const PER_MS = 16;

export interface ChunkRules {
  /** A pause of at least this length is always cut. */
  readonly hardPauseMs: number;
  /** Where a stretch without such a pause is too long, it is cut at its widest pause of at least this length. */
  readonly softPauseMs: number;
  /** No chunk is longer. */
  readonly maxChunkMs: number;
  /** A stretch without pauses is cut at its quietest place between this and `maxChunkMs`. */
  readonly minCutMs: number;
  /** By how much the detector widened its regions on both sides. */
  readonly padMs: number;
  /** What may be used of the sound; null is its beginning or end. */
  readonly clipStartMs: number | null;
  readonly clipEndMs: number | null;
}

/** Samples `[start, end)` that are recognised in one call, and the speech in them, in ms of film. */
export interface SpeechChunk {
  readonly start: number;
  readonly end: number;
  readonly regions: readonly SpeechRegion[];
}

export interface Chunker {
  /** Takes the next region in order of time; returns the chunks that can no longer change. */
  push(region: SpeechRegion): readonly SpeechChunk[];
  finish(): readonly SpeechChunk[];
}

/** A region, and where its speech lies without the padding, in samples. */
interface Piece extends Range {
  readonly region: SpeechRegion;
}

interface Stretch {
  readonly start: number;
  readonly pieces: readonly Piece[];
}

/**
 * Cuts the sound at the quietest places of its pauses, silence included: a recogniser hears better with the silence around speech than
 * without it. The cuts depend on the sound between two long pauses and not on where the film begins, so that chunks keep their
 * content, and thus their remembered text, when something before them is cut away.
 */
export function createChunker(sound: Sound, rules: ChunkRules): Chunker {
  const lower = Math.max(0, (rules.clipStartMs ?? 0) * PER_MS);
  const upper = Math.min(sound.samples, (rules.clipEndMs ?? Number.MAX_SAFE_INTEGER) * PER_MS);
  const hard = rules.hardPauseMs * PER_MS;
  /** A pause longer than this is not recognised as a whole: the chunks beside it take their part and leave the rest. */
  const long = 3 * hard;
  const cutIn = (range: Range, leaning: Leaning) => quietestPlace(sound, range, leaning);
  const cutAfter = (end: number, limit: number) =>
    end >= limit ? limit : cutIn({ from: end, to: Math.min(limit, end + hard) }, 'after-speech');
  const cutBefore = (start: number, limit: number) =>
    start <= limit ? limit : cutIn({ from: Math.max(limit, start - hard), to: start }, 'before-speech');

  const pieceOf = (region: SpeechRegion): Piece => {
    // A region that touches an edge was not widened there.
    const from = region.startMs * PER_MS <= lower ? lower : (region.startMs + rules.padMs) * PER_MS;
    const to = (region.endMs + 1) * PER_MS > upper ? upper : (region.endMs - rules.padMs) * PER_MS;
    if (from < to) return { region, from, to };
    const middle = Math.round(((region.startMs + region.endMs) / 2) * PER_MS);
    return { region, from: middle, to: middle };
  };

  let stretch: Stretch | undefined;
  return {
    push: (region) => {
      const piece = pieceOf(region);
      const last = stretch?.pieces.at(-1);
      if (stretch === undefined || last === undefined) {
        stretch = { start: cutBefore(piece.from, lower), pieces: [piece] };
        return [];
      }
      const pause = pauseEdges(sound, { from: last.to, to: piece.from });
      const ended = { ...last, to: Math.max(last.from, pause.from) };
      const before = { start: stretch.start, pieces: [...stretch.pieces.slice(0, -1), ended] };
      const next = { ...piece, from: Math.min(pause.to, piece.to) };
      const length = pause.to - pause.from;
      if (length < hard) {
        stretch = { start: before.start, pieces: [...before.pieces, next] };
        return [];
      }
      const end = length > long ? cutAfter(pause.from, upper) : cutIn(pause, 'middle');
      stretch = { start: length > long ? cutBefore(pause.to, end) : end, pieces: [next] };
      return divide(before, end, rules, cutIn);
    },
    finish: () => {
      const last = stretch?.pieces.at(-1);
      if (stretch === undefined || last === undefined) return [];
      const chunks = divide(stretch, cutAfter(last.to, upper), rules, cutIn);
      stretch = undefined;
      return chunks;
    },
  };
}

type CutIn = (range: Range, leaning: Leaning) => number;

/** Divides a stretch until every part is short enough. */
function divide(stretch: Stretch, end: number, rules: ChunkRules, cutIn: CutIn): SpeechChunk[] {
  const { start, pieces } = stretch;
  const longest = rules.maxChunkMs * PER_MS;
  if (end - start <= longest) return [chunkOf(stretch, end)];
  const pause = widestPause(pieces, rules.softPauseMs * PER_MS);
  // What follows a cut without a pause keeps a second, so that no splinter of speech is left.
  const to = Math.min(start + longest, end - 1000 * PER_MS);
  const cut = cutIn(pause ?? { from: Math.min(start + rules.minCutMs * PER_MS, to), to }, 'middle');
  const before = pieces.filter((piece) => piece.from < cut);
  const after = pieces.filter((piece) => piece.to > cut || piece.from >= cut);
  return [
    ...divide({ start, pieces: before }, cut, rules, cutIn),
    ...divide({ start: cut, pieces: after }, end, rules, cutIn),
  ];
}

/** The widest of the pauses between the pieces; the earliest of equally wide ones. */
function widestPause(pieces: readonly Piece[], least: number): Range | undefined {
  let widest: Range | undefined;
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    if (next === undefined || next.from - piece.to < least) continue;
    if (widest === undefined || next.from - piece.to > widest.to - widest.from)
      widest = { from: piece.to, to: next.from };
  }
  return widest;
}

function chunkOf({ start, pieces }: Stretch, end: number): SpeechChunk {
  const startMs = Math.round(start / PER_MS);
  const endMs = Math.round(end / PER_MS);
  const regions = pieces
    .map(({ region }) => ({ startMs: Math.max(startMs, region.startMs), endMs: Math.min(endMs, region.endMs) }))
    .filter((region) => region.startMs < region.endMs);
  return { start, end, regions };
}
