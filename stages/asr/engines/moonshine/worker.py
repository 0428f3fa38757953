"""Recognises English speech with Moonshine tiny; one chunk of at most about 20 s a request."""
import babelreel_worker as worker

import os
from array import array

# A newer release of the package comes without them.
WEIGHTS = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
FORMAT = "s16le/16000/1"
RATE = 16000


def load(job):
    folder = job.models[0].path
    missing = [name for name in WEIGHTS if not os.path.isfile(os.path.join(folder, name))]
    if missing:
        raise worker.Refused("ERR_MODEL_MISSING", "%s is not in %s" % (", ".join(missing), folder))
    # The library reads this when it opens the model. Its own choice, a thread for each core, takes twice the processor time.
    os.environ["MOONSHINE_ORT_SINGLE_THREAD"] = "1"
    from moonshine_voice import ModelArch, Transcriber

    # The chunk was cut by a better detector: the library's own, with a threshold of 0, takes all of it as speech.
    options = {"vad_threshold": "0.0", "return_audio_data": "false"}
    return Transcriber(folder, ModelArch.TINY, options=options)


def run(transcriber, request, call):
    audio = request["audio"]
    if audio["format"] != FORMAT:
        raise worker.Refused("ERR_ENGINE_REFUSED", "%s is due, not %s" % (FORMAT, audio["format"]))
    if request["language"].split("-")[0] != "en":
        raise worker.Refused("ERR_ENGINE_REFUSED", "this model knows English only, not %s" % request["language"])
    samples = array("h", worker.read_audio(audio))
    # On less the library fails with an unknown error.
    if len(samples) < RATE // 10:
        return {"text": ""}
    lines = transcriber.transcribe_without_streaming([sample / 32768 for sample in samples], RATE).lines
    return {"text": " ".join(line.text.strip() for line in lines).strip()}


worker.serve("asr/moonshine", load, run)
