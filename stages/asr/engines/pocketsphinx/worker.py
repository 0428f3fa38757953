"""Recognises English with Debian's pocketsphinx program, several chunks a start: loading its model takes half a second."""
import babelreel_worker as worker

import os
import re
import subprocess

FORMAT = "s16le/16000/1"
RATE = 16000
# Fewer are not worth a start, and too few frames for the program.
LEAST_BYTES = 2 * RATE // 10
FILES = ("en-us/mdef", "en-us/means", "en-us.lm.bin", "cmudict-en-us.dict")
# `the(2)`: the second pronunciation of a word. `<sil>`, `[NOISE]`, `++UH++`: no words.
VARIANT = re.compile(r"\(\d+\)$")
NO_WORD = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")


def load(job):
    folder = job.models[0].path
    missing = [name for name in FILES if not os.path.isfile(os.path.join(folder, name))]
    if missing:
        raise worker.Refused("ERR_MODEL_MISSING", "%s is not in %s" % (", ".join(missing), folder))
    return folder


def run_batch(folder, requests, call):
    names = {}
    for index, request in enumerate(requests):
        try:
            names[index] = write_sound(request, call)
        except worker.Refused as refusal:
            yield index, refusal
    heard = recognise(folder, [name for name in names.values() if name], call) if any(names.values()) else {}
    for index, name in names.items():
        if name is None:
            yield index, {"text": "", "words": []}
        elif name not in heard:
            yield index, worker.Refused("ERR_ENGINE_REFUSED", "pocketsphinx_batch left this chunk out")
        else:
            yield index, heard[name]


def write_sound(request, call):
    """Name of the chunk's file without folder and ending; None when it is too short to hold a word."""
    audio = request["audio"]
    if audio["format"] != FORMAT:
        raise worker.Refused("ERR_ENGINE_REFUSED", "%s is due, not %s" % (FORMAT, audio["format"]))
    if request["language"].split("-")[0] != "en":
        raise worker.Refused("ERR_ENGINE_REFUSED", "this model knows English only, not %s" % request["language"])
    if audio["lengthBytes"] < LEAST_BYTES:
        return None
    path = call.new_file("chunk.raw")
    with open(path, "wb") as stream:
        stream.write(worker.read_audio(audio))
    return os.path.basename(path)[: -len(".raw")]


def recognise(folder, names, call):
    """Name -> {text, words} of all chunks the program answered."""
    control, hypotheses, times = (call.new_file(name) for name in ("chunks.ctl", "chunks.hyp", "chunks.ctm"))
    with open(control, "w", encoding="ascii") as stream:
        stream.writelines(name + "\n" for name in names)
    command = ["pocketsphinx_batch", "-hmm", os.path.join(folder, "en-us"), "-lm", os.path.join(folder, "en-us.lm.bin")]
    command += ["-dict", os.path.join(folder, "cmudict-en-us.dict"), "-maxhmmpf", "-1"]
    command += ["-adcin", "yes", "-cepdir", call.dir, "-cepext", ".raw", "-ctl", control, "-hyp", hypotheses, "-ctm", times]
    log = follow(command, len(names), call)
    texts = read_hypotheses(hypotheses)
    if not texts:
        raise worker.Refused("ERR_ENGINE_REFUSED", "pocketsphinx_batch answered nothing: %s" % log)
    words = read_times(times)
    return {name: answer(text, words.get(name, [])) for name, text in texts.items()}


def follow(command, total, call):
    """Runs the program to its end, or to the end of the call; returns the last lines it printed."""
    done = 0
    tail = []
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        try:
            for line in process.stderr:
                tail = tail[-4:] + [line.strip()]
                if done < total and "batch.c" in line and "seconds speech" in line:
                    done += 1
                    call.progress(done, total)
                call.check()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise worker.Refused("ERR_ENGINE_REFUSED", "pocketsphinx_batch failed: %s" % " | ".join(tail))
    return " | ".join(tail)


def read_hypotheses(path):
    """Lines `some words (name score)`."""
    texts = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            text, _, note = line.rstrip("\n").rpartition("(")
            texts[note.split()[0]] = text.strip()
    return texts


def read_times(path):
    """Lines `name channel start duration word confidence`, times in seconds."""
    words = {}
    with open(path, encoding="utf-8") as stream:
        for line in stream:
            name, _, start, duration, text = line.split()[:5]
            if NO_WORD.match(text):
                continue
            start_ms = round(float(start) * 1000)
            word = {"text": VARIANT.sub("", text), "startMs": start_ms, "endMs": start_ms + round(float(duration) * 1000)}
            words.setdefault(name, []).append(word)
    return words


def answer(text, words):
    """The times only where they tell the same words as the text."""
    if [word["text"] for word in words] == text.split():
        return {"text": text, "words": words}
    return {"text": text}


worker.serve("asr/pocketsphinx", load, run_batch=run_batch)
