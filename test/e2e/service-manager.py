"""What systemd is to a service: listens for it, hears its notifications, starts and ends it.

Usage: service-manager.py LISTEN NOTIFY PROGRAM...; commands on stdin: start, stop, kill.
Prints a line for each notification (PID TEXT) and for each end (ended STATUS)."""
import os
import signal
import socket
import sys
import threading

listen_path, notify_path, *program = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
listener.bind(listen_path)
listener.listen(64)
notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notifications.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
notifications.bind(notify_path)


def hear():
    while True:
        data, ancillary, _, _ = notifications.recvmsg(4096, socket.CMSG_SPACE(12))
        pid = int.from_bytes(ancillary[0][2][:4], "little") if ancillary else 0
        print(pid, data.decode().replace("\n", " "), flush=True)


def start():
    pid = os.fork()
    if pid:
        return pid
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    own = str(os.getpid())
    variables = {"LISTEN_FDS": "1", "LISTEN_PID": own, "NOTIFY_SOCKET": notify_path}
    watchdog = {"WATCHDOG_USEC": "600000", "WATCHDOG_PID": own}
    os.execvpe(program[0], program, {**os.environ, **variables, **watchdog})


def end(pid, number):
    os.kill(pid, number)
    print("ended", os.waitpid(pid, 0)[1], flush=True)


threading.Thread(target=hear, daemon=True).start()
print("listening", flush=True)
running = 0
for line in sys.stdin:
    command = line.strip()
    if command == "start":
        running = start()
    else:
        end(running, signal.SIGKILL if command == "kill" else signal.SIGTERM)
        running = 0
if running:
    end(running, signal.SIGTERM)
