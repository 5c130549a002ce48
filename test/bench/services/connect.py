"""Listens, or connects over and over and prints how long each took, in microseconds."""

import json
import socket
import sys
import threading
import time

CONNECTIONS = 300


def listen():
    server = socket.create_server(("0.0.0.0", 8080), backlog=1024)

    def accept():
        while True:
            server.accept()[0].close()

    threading.Thread(target=accept, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


def connect(address, port):
    taken = []
    for _ in range(CONNECTIONS):
        with socket.socket() as client:
            start = time.perf_counter_ns()
            client.connect((address, port))
            taken.append((time.perf_counter_ns() - start) / 1000)
    print(json.dumps(taken))


if sys.argv[1] == "listen":
    listen()
else:
    connect(sys.argv[2], int(sys.argv[3]))
