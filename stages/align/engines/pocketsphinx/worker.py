"""Forced alignment with pocketsphinx: when each word of a known English text was said."""
import babelreel_worker as worker

import math
import os
import re

from pocketsphinx import Decoder  # noqa: E402

from pronounce import pronounce  # noqa: E402
from spell_out import spell_out  # noqa: E402

FRAME_MS = 10
SAMPLE_RATE_HZ = 16000
# pocketsphinx counts log-likelihoods in steps of ln(1.0001).
LOG_BASE = math.log(1.0001)
# Steps per frame at which a score has fallen to 1/e. Measured: right words cost 20 to 70 a frame, words laid over other speech 75 to 150.
COST_SCALE = 100.0
# A pause of at least so many frames that costs more than this a frame is no silence. Measured: real ones cost 5 to 46, such that hide
# words which the text lacks cost 50 to 160.
MIN_PAUSE_FRAMES = 10
MAX_PAUSE_COST = 70.0
FORMAT = "s16le/%d/1" % SAMPLE_RATE_HZ


def load(job):
    folder = job.models[0].path
    if not os.path.isfile(os.path.join(folder, "en-us", "mdef")):
        raise worker.Refused("ERR_MODEL_MISSING", "no acoustic model in %s" % folder)
    return Decoder(
        hmm=os.path.join(folder, "en-us"),
        dict=os.path.join(folder, "cmudict-en-us.dict"),
        lm=None,
        loglevel="FATAL",
        # The lattice search may give a phone fewer frames than it has states; the plain backtrace does not.
        bestpath=False,
        # All sound models are scored in every frame, so that a word's score says how much better anything else would have fitted.
        compallsen=True,
        # Wide beams cost nothing here, and with the usual ones noisy speech has no path at all.
        beam=1e-120,
        pbeam=1e-120,
        wbeam=1e-100,
    )


def run(decoder, request, call):
    if request["language"].split("-")[0] != "en":
        raise worker.Refused("ERR_LANGUAGE_PAIR", "this aligner knows English only, not %s" % request["language"])
    if request["audio"]["format"] != FORMAT:
        raise worker.Refused("ERR_ENGINE_REFUSED", "wants %s, got %s" % (FORMAT, request["audio"]["format"]))
    words = request["words"]
    unknown = []
    tokens = []
    for index, (word, spoken) in enumerate(zip(words, spell_out(words))):
        for token in spoken:
            known, guessed = _known_tokens(decoder, token)
            tokens += [(index, name) for name in known]
            if guessed and word not in unknown:
                unknown.append(word)
    times = [None] * len(words)
    for (index, _), (start, end, cost) in zip(tokens, _align(decoder, worker.read_audio(request["audio"]), [name for _, name in tokens])):
        before = times[index]
        times[index] = (start, end, cost) if before is None else (before[0], end, before[2] + cost)
    return {"words": [_reply(time) for time in times], "unknown": unknown}


def _reply(time):
    if time is None:
        return None
    start, end, cost = time
    score = math.exp(-cost / (end - start) / COST_SCALE)
    return {"startMs": start * FRAME_MS, "endMs": end * FRAME_MS, "score": round(min(1.0, score), 4)}


def _known_tokens(decoder, token):
    """Names in the decoder's dictionary for one spoken token, and whether a pronunciation had to be guessed."""
    bare = token.strip("'")
    for name in (token, bare):
        if name and decoder.lookup_word(name) is not None:
            # Guessed ones stay in the dictionary under a name of their own, so that they are reported every time.
            return [name], False
    if "-" in token:
        parts = [_known_tokens(decoder, part) for part in token.split("-") if part]
        return [name for names, _ in parts for name in names], any(guessed for _, guessed in parts)
    phones = pronounce(bare, decoder.lookup_word)
    if phones is None:
        return [], False
    name = "_%s" % bare
    if decoder.lookup_word(name) is None:
        decoder.add_word(name, phones, False)
    return [name], True


def _align(decoder, pcm, names):
    """
    (start frame, end frame, cost) per name; empty when no path through all of them fits the audio. The cost is infinite behind a pause
    that does not sound like silence: somebody may say there what the text lacks.
    """
    if not names or len(pcm) < SAMPLE_RATE_HZ // 10 * 2:
        return []
    # Without this the end of the last audio leaks into the analysis of the next and changes scores in the third digit.
    decoder.reinit_feat()
    decoder.set_align_text(" ".join(names))
    decoder.start_utt()
    try:
        decoder.process_raw(pcm[: len(pcm) // 2 * 2], full_utt=True)
    finally:
        decoder.end_utt()
    found = []
    pause = (0, 0.0)
    for segment in decoder.seg() or []:
        frames = segment.end_frame + 1 - segment.start_frame
        cost = -math.log(segment.ascore) / LOG_BASE if segment.ascore > 0 else math.inf
        if segment.word[0] in "<[":
            pause = (pause[0] + frames, pause[1] + cost)
            continue
        if pause[0] >= MIN_PAUSE_FRAMES and pause[1] > MAX_PAUSE_COST * pause[0]:
            cost = math.inf
        found.append((re.sub(r"\(\d+\)$", "", segment.word), segment.start_frame, segment.end_frame + 1, cost))
        pause = (0, 0.0)
    return [time for _, *time in found] if [name for name, *_ in found] == names else []


worker.serve("align/pocketsphinx", load, run)
