"""An object store read with obstore alone; prints JSON: seconds, and resident memory at most, in MiB.

`plain_obstore files URL FOLDER TARGET` writes all files below FOLDER to the folder TARGET. `plain_obstore metadata URL
FOLDER COUNT` reads what so many objects below FOLDER say, as the published server does it: one after the other, each
with as many requests as were counted there.
"""

import json
import resource
import sys
import time
from collections import defaultdict
from itertools import cycle, islice
from pathlib import Path

import obstore
from obstore.store import LocalStore, S3Store

PIECE = 1024 * 1024
REQUESTS_OF_ONE = 19


def opened(url):
    if url.startswith("file:"):
        return LocalStore(Path(url.removeprefix("file://")))
    endpoint, _, bucket = url.rpartition("/")
    return S3Store(
        bucket,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id="anybody",
        secret_access_key="anything",
        client_options={"allow_http": True},
    )


def keys(store, prefix):
    return [item["path"] for page in obstore.list(store, prefix or None) for item in page]


def copy(store, prefix, target):
    for key in keys(store, prefix):
        file = target / key
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("wb") as written:
            for chunk in obstore.get(store, key).stream(PIECE):
                written.write(chunk)


def read_metadata(store, prefix, count):
    files = defaultdict(list)
    for key in keys(store, prefix):
        if key.endswith("/zarr.json"):
            files[key.partition("/data.zarr/")[0]].append(key)
    for of_one in islice(files.values(), count):
        for key in islice(cycle(of_one), REQUESTS_OF_ONE):
            json.loads(bytes(obstore.get(store, key).bytes()))


what, url, prefix, last = sys.argv[1:]
store = opened(url)
began = time.perf_counter()
if what == "metadata":
    read_metadata(store, prefix, int(last))
else:
    copy(store, prefix, Path(last))
took = time.perf_counter() - began
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
sys.stdout.write(json.dumps({"seconds": took, "peak": peak}) + "\n")
