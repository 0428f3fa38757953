"""Really tries to get out, and prints one JSON line for each way: `probe-network.py HOST TCP_PORT UDP_PORT [local]`.

HOST with its ports is a server of ours on this machine; with `local` only that one is tried. Standard library only.
"""
import errno
import json
import socket
import sys

host, tcp_port, udp_port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

# What a cut off process hears. Anything else, also "connection refused" by another machine, means that a packet left.
REFUSED_HERE = {errno.ENETUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM, errno.EAFNOSUPPORT, socket.EAI_AGAIN}


def attempt(what, action):
    try:
        action()
        out, said = True, "it went out"
    except socket.timeout:
        out, said = True, "no answer"
    except OSError as error:
        # The guard of a worker refuses without a number.
        out = error.errno not in REFUSED_HERE and not (error.errno is None and isinstance(error, PermissionError))
        said = "%s (%s)" % (error.strerror or error, error.errno)
    print(json.dumps({"by": "python", "what": what, "out": out, "said": said}), flush=True)


def connect(address):
    with socket.create_connection(address, timeout=2) as connection:
        connection.sendall(b"python")


def send(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"python", address)


attempt("tcp to a server of this machine", lambda: connect((host, tcp_port)))
attempt("udp to a server of this machine", lambda: send((host, udp_port)))
if "local" not in sys.argv:
    # An address that is reserved for documentation: a packet that gets out bothers nobody.
    attempt("tcp to another machine", lambda: connect(("192.0.2.1", 443)))
    attempt("udp to another machine", lambda: send(("192.0.2.1", 53)))
    attempt("look-up of a name", lambda: socket.getaddrinfo("example.com", 443))
