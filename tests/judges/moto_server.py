# /// script
# requires-python = ">=3.11"
# dependencies = ["moto[server,s3]>=5.1,<6"]
# ///
"""An S3 server: moto's, on a free port of this machine; what it gets it keeps in memory.

Prints one line of JSON, with its URL, a bucket and the keys to sign requests with, when it takes requests. Ends when
its standard input does, or by SIGTERM. With `--strict` requests that are signed with other keys are refused.
"""

import argparse
import json
import os
import signal
import sys
import threading

BUCKET = "first"
REGION = "us-east-1"


def serve(strict):
    if strict:
        # moto reads it when it is imported.
        os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    key = new_key()
    make_bucket()
    # A thread for each connection: clients keep theirs open.
    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    keys = {"key": key.access_key_id, "secret": key.secret_access_key}
    print(json.dumps({"url": url, "bucket": BUCKET, **keys}), flush=True)


def make_bucket():
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].create_bucket(BUCKET, REGION)


def new_key():
    """The key of a user who may do all with S3."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.iam.models import iam_backends

    iam = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
    iam.create_user(region_name=REGION, user_name="tester", path="/", tags=[])
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam.put_user_policy("tester", "all-of-s3", json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return iam.create_access_key("tester")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serves S3 on a free port until standard input ends.")
    parser.add_argument("--strict", action="store_true", help="refuse requests signed with other keys")
    # Not by the interpreter's own end, which would wait for requests under way.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    serve(parser.parse_args().strict)
    sys.stdin.buffer.read()
    os._exit(0)
