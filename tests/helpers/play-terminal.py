"""Runs a command on a terminal of its own and answers what it asks: `play-terminal.py '[["question", "answer"], …]' COMMAND…`.

Prints what the terminal showed, then a last line `exit N`. Answers come at once, as from somebody who typed ahead.
"""
import json
import os
import pty
import sys

answers, command = json.loads(sys.argv[1]), sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
shown = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:
        break
    if not piece:
        break
    shown += piece
    if answers and answers[0][0].encode() in shown:
        os.write(terminal, answers.pop(0)[1].encode() + b"\n")
_, status = os.waitpid(pid, 0)
sys.stdout.write(shown.decode("utf-8", "replace").replace("\r\n", "\n"))
print("\nexit %d" % os.waitstatus_to_exitcode(status))
