"""The Python side of the worker protocol: one JSON object a line over stdin and stdout, standard library only, Python 3.9 or newer.

Must be the first import of a worker.py: libraries print while they are imported, and the protocol may not share its stream with them.

    import babelreel_worker as worker

    def load(job): ...                        # -> state; job.models, job.params, job.device, job.threads
    def run(state, request, call): ...        # -> dict or worker.Reply; may raise worker.Refused
    worker.serve("asr/name", load, run)

A native call that holds the interpreter lock also holds back the beat; the limit for silence is a setting of the runner.
"""
import babelreel_wire as wire

import gc
import itertools
import json
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections import namedtuple

from babelreel_wire import Cancelled, Refused

# The one operation of each role; shared/contract/roles says what it means.
_OPERATIONS = {"vad": "detect", "asr": "transcribe", "align": "align", "translate": "translate", "synthesize": "speak"}

Model = namedtuple("Model", "id path digest")
Job = namedtuple("Job", "models params device threads")


class Reply:
    """An answer with files: reply field -> absolute path inside call.dir."""

    def __init__(self, value, files=None):
        self.value = value
        self.files = files or {}


# Never the same name twice: the folder of a run is used again.
_file_numbers = itertools.count(1)


class Call:
    """One run: what an engine may know and say while it works."""

    def __init__(self, run_id, op, directory):
        self.id = run_id
        self.op = op
        self.dir = directory
        self._cancelled = threading.Event()

    def cancelled(self):
        """True once the runner wants this run to end; look at it at least every second."""
        return self._cancelled.is_set()

    def check(self):
        """Raises Cancelled once the runner wants this run to end."""
        if self._cancelled.is_set():
            raise Cancelled()

    def progress(self, done, total):
        """Says that work goes on; a run without progress for too long is ended."""
        wire.send({"type": "progress", "id": self.id, "done": done, "total": total})

    def new_file(self, name):
        """Absolute path of a file that does not exist yet inside call.dir; `name` only shapes its end."""
        return os.path.join(self.dir, "%d-%s" % (next(_file_numbers), os.path.basename(name)))


def read_audio(audio):
    """Bytes of the slice {path, offsetBytes, lengthBytes, format}. Refuses a slice that reaches past the end of the file."""
    with open(audio["path"], "rb", buffering=0) as stream:
        stream.seek(audio["offsetBytes"])
        wanted = audio["lengthBytes"]
        parts = []
        while wanted > 0:
            part = stream.read(wanted)
            if not part:
                raise Refused("ERR_ENGINE_REFUSED", "the audio ends %d bytes before the end of the slice" % wanted)
            parts.append(part)
            wanted -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _result(call, index, answer):
    """The line of one answer, or of the refusal that stands in its place."""
    if isinstance(answer, Refused):
        return wire.encode(wire.failure(answer, call.id, index))
    value, files = (answer.value, answer.files) if isinstance(answer, Reply) else (answer, {})
    message = {"type": "result", "id": call.id, "index": index, "value": value}
    if files:
        names = {}
        for field, path in files.items():
            name = os.path.basename(path)
            if not os.path.isfile(os.path.join(call.dir, name)):
                return _refusal(call, index, "the file for %s was not written into call.dir" % field)
            names[field] = name
        message["files"] = names
    try:
        line = wire.encode(message)
    except (TypeError, ValueError) as error:
        return _refusal(call, index, "the answer is not JSON: %s" % error)
    if len(line) > wire.MAX_LINE_BYTES:
        return _refusal(call, index, "the answer has %d bytes, a line at most %d; use a file" % (len(line), wire.MAX_LINE_BYTES))
    return line


def _refusal(call, index, text):
    return wire.encode(wire.failure(Refused("ERR_ENGINE_REPLY", text), call.id, index))


def _cpu_ms():
    times = os.times()
    return (times.user + times.system + times.children_user + times.children_system) * 1000.0


def _resident_mib(field):
    """VmHWM or VmRSS. ru_maxrss is only the way out elsewhere: across fork and exec it keeps the peak of the parent."""
    try:
        with open("/proc/self/status", "rb") as status:
            for line in status:
                if line.startswith(field):
                    return int(line.split()[1]) // 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak >> (20 if sys.platform == "darwin" else 10)


class _Worker:
    def __init__(self, engine, load, run, run_batch, op):
        self.engine = engine
        self.load = load
        self.run = run
        self.run_batch = run_batch
        self.op = op
        self.inbox = queue.SimpleQueue()
        self.calls = {}
        self.busy = False
        self.ended = False
        self.held = b""
        self.loaded = False
        self.state = None
        self.loads = 0
        self.peak_mib = 0
        self.peak_at = float("-inf")

    def read(self):
        """The reader thread: it sees cancel and the end of input while a run goes on."""
        wire.read_lines(self.take)
        # The runner is gone. An engine that is deep in a native call would never look, so the whole group ends here.
        self.ended = True
        if self.busy:
            if os.getpgrp() == os.getpid():
                os.killpg(0, signal.SIGKILL)
            os._exit(1)
        self.inbox.put({"type": "shutdown"})

    def take(self, line):
        try:
            message = json.loads(line)
            kind = message["type"]
            if kind == "run":
                self.calls[message["id"]] = Call(message["id"], message["op"], message["dir"])
            elif kind == "cancel":
                call = self.calls.get(message["id"])
                if call is not None:
                    call._cancelled.set()
                return
        except (ValueError, KeyError, TypeError) as error:
            wire.send(wire.failure(Refused("ERR_ENGINE_REFUSED", "not a message of the protocol: %s" % wire.describe(error))))
            return
        self.inbox.put(message)

    def beat(self):
        while True:
            time.sleep(wire.BEAT_SECONDS)
            wire.write(b'{"type":"beat"}\n')

    def serve(self):
        for target in (self.read, self.beat):
            threading.Thread(target=target, daemon=True).start()
        handlers = {"hello": self.on_hello, "load": self.on_load, "run": self.on_run}
        while True:
            self.busy = False
            message = self.inbox.get()
            kind = message["type"]
            self.busy = True
            if kind == "shutdown" or self.ended:
                return
            handler = handlers.get(kind)
            if handler is None:
                wire.send(wire.failure(Refused("ERR_ENGINE_REFUSED", "unknown message type %r" % (kind,))))
            else:
                handler(message)

    def on_hello(self, message):
        if message.get("protocol") != wire.PROTOCOL_VERSION:
            text = "the runner speaks protocol %r, this worker %d" % (message.get("protocol"), wire.PROTOCOL_VERSION)
            return wire.send(wire.failure(Refused("ERR_WORKER_START", text)))
        runtime = "python %d.%d.%d" % sys.version_info[:3]
        wire.send({"type": "ready", "protocol": wire.PROTOCOL_VERSION, "engine": self.engine, "pid": os.getpid(), "runtime": runtime})

    def on_load(self, message):
        # Cleared first: a load that fails must not leave the former model answering.
        self.loaded = False
        self.state = None
        gc.collect()
        started = time.monotonic()
        try:
            job = _job(message)
            self.state = self.load(job)
        except Exception as error:
            return wire.send(wire.failure(error))
        self.loaded = True
        self.loads += 1
        models = [{"id": model.id, "digest": model.digest} for model in job.models]
        wire.send({"type": "loaded", "models": models, "seconds": time.monotonic() - started, "rssMiB": _resident_mib(b"VmRSS")})

    def on_run(self, message):
        call = self.calls[message["id"]]
        started = time.monotonic()
        cpu = _cpu_ms()
        try:
            calls = self.answer(call, message["requests"])
        except Exception as error:
            last = wire.failure(error, call.id)
        else:
            counters = {"loads": self.loads, "calls": calls, "cpuMs": round(_cpu_ms() - cpu), "peakRssMiB": self.peak(started)}
            self.loads = 0
            last = {"type": "done", "id": call.id, "counters": counters}
        finally:
            self.calls.pop(call.id, None)
        wire.write(self.held + wire.encode(last))
        self.held = b""

    def say(self, line):
        """Writes the line before this one: the last goes with `done`, which is one wake-up of the runner less for a small task."""
        if self.held:
            wire.write(self.held)
        self.held = line

    def answer(self, call, requests):
        if not self.loaded:
            raise Refused("ERR_ENGINE_REFUSED", "nothing is loaded")
        if call.op != self.op:
            raise Refused("ERR_ENGINE_REFUSED", "unknown operation %r, this engine does %r" % (call.op, self.op))
        if self.run_batch is not None:
            for index, answer in self.run_batch(self.state, requests, call):
                self.say(_result(call, index, answer))
            call.check()
            return 1
        for index, request in enumerate(requests):
            call.check()
            try:
                line = _result(call, index, self.run(self.state, request, call))
            except Cancelled:
                raise
            except Exception as error:
                line = wire.encode(wire.failure(error, call.id, index))
            self.say(line)
        return len(requests)

    def peak(self, started):
        # Reading it costs about as much as a whole small round trip, and it only grows: not after every short run.
        now = time.monotonic()
        if now - started > 0.01 or now - self.peak_at > 1.0:
            self.peak_mib = _resident_mib(b"VmHWM")
            self.peak_at = now
        return self.peak_mib


def _job(message):
    models = [Model(model["id"], model["path"], model["digest"]) for model in message.get("models", [])]
    return Job(models, message.get("params", {}), message.get("device", "cpu"), message.get("threads", 1))


def _die_with_parent():
    """Linux: SIGKILL when the runner dies. The end of stdin says the same everywhere, but only to a process that still reads it."""
    if not sys.platform.startswith("linux"):
        return
    try:
        import ctypes

        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)  # 1 = PR_SET_PDEATHSIG
    except (ImportError, OSError, AttributeError):
        pass


def _once(worker, path):
    """Loads, answers the requests of one file and prints a line for each: for people. Returns the exit status."""
    with open(path, "rb") as stream:
        message = json.load(stream)
    call = Call("once", message.get("op", worker.op), os.path.abspath(message.get("dir", ".")))
    os.makedirs(call.dir, exist_ok=True)
    try:
        worker.state = worker.load(_job(message))
        worker.loaded = True
        worker.answer(call, message["requests"])
        worker.say(b"")
    except Exception as error:
        wire.send(wire.failure(error, call.id))
        return 1
    return 0


def serve(engine, load, run=None, run_batch=None, op=None):
    """Answers the runner until it says `shutdown` or closes stdin; never returns.

    `run(state, request, call)` answers one request; `run_batch(state, requests, call)` yields (index, answer) for several, where an
    answer is a dict, a Reply or a Refused. `op` is the role's operation unless told.
    """
    worker = _Worker(engine, load, run, run_batch, op or _OPERATIONS.get(engine.split("/")[0], engine))
    if len(sys.argv) == 3 and sys.argv[1] == "--once":
        status = _once(worker, sys.argv[2])
    else:
        _die_with_parent()
        worker.serve()
        status = 0
        if os.getpgrp() == os.getpid():
            # Helpers of the engine end with it.
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            os.killpg(0, signal.SIGTERM)
    sys.stderr.flush()
    # Not sys.exit: threads of a native library could keep the process alive for ever.
    os._exit(status)
