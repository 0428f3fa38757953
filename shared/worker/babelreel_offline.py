"""What sitecustomize's audit hook does when Python is about to use a network: writes down who wanted what, and refuses it.

A module of its own, because it is loaded at the first such event only: no worker that behaves pays for it at its start.
"""
import os
import sys

# unix, netlink: no network, though an address of theirs may be a tuple.
_LOCAL_FAMILIES = (1, 16)
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_OWN_NAMES = _LOOPBACK + ((os.uname().nodename,) if hasattr(os, "uname") else ())
# The hook and this module: whoever called those is the one to name.
_OWN_FILES = (__file__, os.path.join(os.path.dirname(__file__), "sitecustomize.py"))


def _stack():
    """Who called, innermost first; Python's own library only when nobody else is there."""
    own = os.path.dirname(os.__file__) + os.sep
    frame = sys._getframe()
    all_frames, others = [], []
    while frame is not None and len(others) < 5 and len(all_frames) < 60:
        code = frame.f_code
        if code.co_filename in _OWN_FILES:
            frame = frame.f_back
            continue
        line = "%s:%d in %s" % (code.co_filename, frame.f_lineno or 0, code.co_name)
        all_frames.append(line)
        library = code.co_filename.startswith((own, "<")) and "-packages" + os.sep not in code.co_filename
        if not library:
            others.append(line)
        frame = frame.f_back
    return others or all_frames[:5]


def _refuse(path, event, host, port):
    import json

    stack = _stack()
    where = "%s:%s" % (host, port) if port is not None else host or "a network"
    attempt = {"event": event, "host": host, "port": port, "stack": stack}
    line = (json.dumps(attempt) + "\n").encode("ascii")
    try:
        # Before the exception, so that whoever reads the reply finds the attempt; in one write, for children append here, too.
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(fd, line)
        finally:
            os.close(fd)
    except OSError:
        pass  # a full disk must not turn a refusal into a permission
    text = "offline: %s to %s was refused; wanted by %s" % (event, where, stack[0] if stack else "nobody known")
    sys.stderr.write(text + "\n" + "".join("    %s\n" % frame for frame in stack[1:]))
    raise _exception(text)


def _exception(text):
    """A PermissionError, and in a worker one that the wire reports under its own code."""
    wire = sys.modules.get("babelreel_wire")
    refused = getattr(wire, "Refused", None)
    if refused is None:
        return PermissionError(text)

    class Offline(PermissionError, refused):
        def __init__(self):
            PermissionError.__init__(self, text)
            self.code, self.message, self.retryable = "ERR_OFFLINE", text, False

        def __str__(self):
            return text

    return Offline()


def _text(value):
    return value.decode("ascii", "replace") if isinstance(value, (bytes, bytearray)) else str(value)


def _lookup(path, event, args):
    host = args[0] if args else None
    port = args[1] if event == "socket.getaddrinfo" and len(args) > 1 else None
    # To ask for no name, or only for one's own, asks nobody else.
    if host in (None, "") or event != "socket.getaddrinfo" and _text(host) in _OWN_NAMES:
        return
    if event == "socket.getnameinfo" and isinstance(host, tuple):
        host, port = (host + (None, None))[:2]
    _refuse(path, event, _text(host), port if isinstance(port, int) else None)


def _use(path, event, args):
    sock, address = args[0], args[1] if len(args) > 1 else None
    if not isinstance(address, tuple) or int(getattr(sock, "family", 0)) in _LOCAL_FAMILIES:
        return
    host = _text(address[0]) if address else ""
    port = address[1] if len(address) > 1 and isinstance(address[1], int) else None
    if event == "socket.bind" and host in _LOOPBACK:
        # Some libraries find out at import whether IPv6 is there by binding; nobody is reached by that.
        raise PermissionError("offline: no server may be opened, not even on %s" % host)
    _refuse(path, event, host, port)


def judge(path, event, args):
    """Raises for an event that would use a network, after its line was appended to `path`."""
    uses = event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind")
    (_use if uses else _lookup)(path, event, args)
