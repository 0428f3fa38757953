import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { Refused, readAudio, serve } from '../../../../shared/worker/worker.ts';

const FORMAT = 's16le/16000/1';
const FRAME = 512;
/** The model also wants the 64 samples before the frame; without them it finds nothing. */
const CONTEXT = 64;
const STATE = 128;
/**
 * A request is cut into stretches of 32.8 s that go through the model side by side, as one batch. Measured on one core: 190 times as fast
 * as the film frame by frame, 480 times with 8 side by side; a stretch gets the same numbers to the last bit, however many are beside it.
 */
const LANE_FRAMES = 1024;
/**
 * A stretch also hears 8.2 s of the sound before it, because the model remembers long: against a film in one piece 4 of 1000 frames
 * differed by more than 0.05 with this lead, 59 with a quarter of it.
 */
const LEAD_FRAMES = 256;

interface State {
  readonly session: InferenceSession;
  readonly tensor: typeof Tensor;
}

await serve<State>({
  engine: 'vad/silero',
  load: async (job) => {
    const path = join(job.models[0]?.path ?? '', 'silero_vad_v6.onnx');
    if (!existsSync(path)) throw new Refused('ERR_MODEL_MISSING', `there is no ${path}`);
    const { InferenceSession: session, Tensor: tensor } = await import('onnxruntime-node');
    return { session: await session.create(path, { intraOpNumThreads: 1, interOpNumThreads: 1 }), tensor };
  },
  run: async ({ session, tensor: TensorOf }, { audio }, call) => {
    if (audio.format !== FORMAT) throw new Refused('ERR_ENGINE_REFUSED', `${FORMAT} is due, not ${audio.format}`);
    const bytes = readAudio(audio);
    const samples = Math.floor(bytes.length / 2);
    const frames = Math.ceil(samples / FRAME);
    const lanes = Math.ceil(frames / LANE_FRAMES);
    const sound = new Float32Array((lanes * LANE_FRAMES + LEAD_FRAMES) * FRAME + CONTEXT);
    const silence = LEAD_FRAMES * FRAME + CONTEXT;
    for (let n = 0; n < samples; n++) sound[silence + n] = bytes.readInt16LE(2 * n) / 32768;

    const width = CONTEXT + FRAME;
    const input = new Float32Array(lanes * width);
    const inputTensor = new TensorOf('float32', input, [lanes, width]);
    const rate = new TensorOf('int64', BigInt64Array.from([16000n]), []);
    const scores = new Float32Array(lanes);
    const score = new TensorOf('float32', scores, [lanes, 1]);
    const makeState = () => new TensorOf('float32', new Float32Array(2 * lanes * STATE), [2, lanes, STATE]);
    let before = makeState();
    let after = makeState();
    const probabilities = new Array<number>(frames).fill(0);

    const longest = Math.min(frames, LANE_FRAMES);
    for (let at = lanes > 1 ? -LEAD_FRAMES : 0; at < longest; at++) {
      // The first stretch has nothing before it: it starts fresh with its first frame, whatever silence would have done to the state.
      if (at === 0)
        for (const layer of [0, 1])
          (before.data as Float32Array).fill(0, layer * lanes * STATE, layer * lanes * STATE + STATE);
      for (let lane = 0; lane < lanes; lane++) {
        const from = (lane * LANE_FRAMES + at + LEAD_FRAMES) * FRAME;
        input.set(sound.subarray(from, from + width), lane * width);
      }
      await session.run({ input: inputTensor, state: before, sr: rate }, { output: score, stateN: after });
      [before, after] = [after, before];
      for (let lane = 0; at >= 0 && lane < lanes; lane++) {
        const frame = lane * LANE_FRAMES + at;
        if (frame < frames) probabilities[frame] = Math.round((scores[lane] ?? 0) * 1000) / 1000;
      }
      if (at % 128 === 0) {
        if (call.cancelled()) throw new Refused('ERR_CANCELLED', 'cancelled');
        call.progress(at + LEAD_FRAMES, longest + LEAD_FRAMES);
      }
    }
    return { value: { frameMs: 32, probabilities } };
  },
});
