# /// script
# requires-python = ">=3.11"
# dependencies = ["moto[server,s3]>=5.1,<6"]
# ///
"""moto's S3 server with the files of a folder in a bucket of the folder's name: `s3_copy.py FOLDER`.

Counts what it is asked; `GET /count` of its root tells that, and begins anew. Ends by SIGTERM.
"""

import json
import logging
import os
import signal
import sys
from pathlib import Path

from moto.core import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

REGION = "us-east-1"


class Counting:
    """The application, and how often it was called."""

    def __init__(self, application):
        self._application = application
        self._count = 0

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] == "/count":
            told, self._count = json.dumps(self._count).encode(), 0
            start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))])
            return [told]
        self._count += 1
        return self._application(environ, start_response)


def fill(folder):
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket(folder.name, REGION)
    for file in folder.rglob("*"):
        if file.is_file():
            backend.put_object(folder.name, file.relative_to(folder).as_posix(), file.read_bytes())


fill(Path(sys.argv[1]))
logging.getLogger("werkzeug").disabled = True
application = Counting(DomainDispatcherApplication(create_backend_app))
server = make_server("127.0.0.1", 0, application, threaded=True)
server.daemon_threads = True
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{server.server_port}"}) + "\n")
sys.stdout.flush()
server.serve_forever()
