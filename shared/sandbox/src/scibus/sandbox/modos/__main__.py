"""`python -m scibus.sandbox.modos`: the stand-in as a process, its addresses in one line of JSON on stdout."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from scibus.sandbox.standin.process import serve

from .objects import S3Place
from .objects.place import DEFAULT_BUCKET
from .stand_in import ModosStandIn


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m scibus.sandbox.modos", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port of the services, 0 for any free one")
    parser.add_argument("--block-port", type=int, default=0, help="port of the blocks, 0 for any free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--reached-as", help="name at which clients reach it, if not so")
    parser.add_argument(
        "--generation", choices=("head", "0.3.5"), default="head", help="age of the server stood in for"
    )
    parser.add_argument("--login", action="store_true", help="have clients log in")
    parser.add_argument("--prefix", default="", help="path below which everything is")
    parser.add_argument("--folder", type=Path, help="folder for the buckets; a temporary one when absent")
    parser.add_argument("--s3", help="URL of an S3-compatible server to use instead, its keys from AWS_* variables")
    parser.add_argument("--bucket", default=DEFAULT_BUCKET, help="bucket of the objects on that server")
    options = parser.parse_args()
    stand_in = ModosStandIn(
        options.port,
        folder=options.folder,
        s3=None if options.s3 is None else _s3(options.s3, options.bucket),
        generation=options.generation,
        login=options.login,
        prefix=options.prefix,
        host=options.host,
        reached_as=options.reached_as,
        block_port=options.block_port,
    )
    asyncio.run(serve(stand_in))


def _s3(url: str, bucket: str) -> S3Place:
    return S3Place(
        url=url,
        bucket=bucket,
        access_key=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        secret_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        region=os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    )


if __name__ == "__main__":
    main()
