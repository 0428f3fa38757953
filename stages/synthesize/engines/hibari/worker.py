"""Speaks English with Hibari: mono s16le PCM at 24 kHz, byte-identical for the same text and rate."""
import babelreel_worker as worker

import os

import numpy
from hibari import SAMPLE_RATE, Hibari

VOICE = "heart"
# Fixes the noise part of the voice; without it two calls differ.
SEED = 0


def load(job):
    weights = os.path.join(job.models[0].path, "hibari.onnx")
    # One thread is faster than real time by far; a path keeps the library from looking for a voice by name and fetching it.
    voice = Hibari(voice=VOICE, model=weights, threads=1)
    # The dictionaries are read at the first use: here, so that the first line is not slower and a damaged one fails the load.
    if not voice.phonemize("Ready."):
        raise RuntimeError("the dictionaries of hibari turned a word into nothing")
    return voice


def speak(voice, request, call):
    name = request.get("voice", VOICE)
    if name != VOICE:
        raise worker.Refused("ERR_ENGINE_REFUSED", f"hibari has no voice {name!r}, only {VOICE!r}")
    text = request["text"]
    # What has no phonemes would come back as silence without an error.
    if not any(sound.isalpha() for part in voice.phonemize(text) for sound in part):
        raise worker.Refused("ERR_ENGINE_REFUSED", "the text has nothing that English can speak")
    wave = voice(text, speed=float(request["rate"]), seed=SEED)
    pcm = (numpy.clip(wave, -1.0, 1.0) * 32767.0).astype("<i2")
    path = call.new_file("speech.pcm")
    with open(path, "wb") as file:
        file.write(pcm.tobytes())
    return worker.Reply({"sampleRateHz": SAMPLE_RATE, "samples": len(pcm)}, files={"audio": path})


worker.serve("synthesize/hibari", load, speak)
