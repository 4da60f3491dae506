"""Stands in for a backend: leads its worker to a greeting that no other run of it has."""

import json
import os
import signal
import threading


def main() -> None:
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    settings = {"SCIBUS_PROBE_GREETING": f"stand-in {os.getpid()}: "}
    print(json.dumps({"name": "double", "url": "http://127.0.0.1:1/", "settings": settings}), flush=True)
    stopped.wait()


if __name__ == "__main__":
    main()
