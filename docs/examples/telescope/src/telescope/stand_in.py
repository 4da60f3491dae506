"""Stands in for the telescope: for `scibus up`, and for tests. Its address is one line of JSON on standard output."""

import json
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CATALOGUE = {"M31": (58.2, 71.5), "M42": (31.9, 140.3)}


class Sky:
    """What was ordered, and since when it is exposed."""

    def __init__(self) -> None:
        self.orders: list[dict[str, Any]] = []

    def answer(self, method: str, parts: list[str], asked: dict[str, str], body: Any) -> Any:
        """What the telescope says; None where there is no such thing."""
        match method, parts:
            case "GET", ["position"] if place := CATALOGUE.get(asked["target"]):
                return {"altitude": place[0], "azimuth": place[1]}
            case "POST", ["exposures"]:
                self.orders.append({**body, "since": time.monotonic(), "aborted": False})
                return {"number": len(self.orders)}
            case "GET", ["exposures"]:
                label = asked.get("label")
                numbers = [n for n, one in enumerate(self.orders, 1) if label in (None, one["label"])]
                return {"numbers": numbers}
            case "GET", ["exposures", number]:
                order = self.orders[int(number) - 1]
                exposed = min(time.monotonic() - order["since"], order["seconds"])
                return {"exposed": exposed, "aborted": order["aborted"]}
            case "DELETE", ["exposures", number]:
                self.orders[int(number) - 1]["aborted"] = True
                return {}
            case "GET", ["exposures", _, "frame"]:
                return b"SIMPLE  =                    T".ljust(2880)
        return None


class Handler(BaseHTTPRequestHandler):
    """One request to the telescope."""

    sky = Sky()

    def _answer(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"null")
        told = self.sky.answer(self.command, url.path.strip("/").split("/"), asked, body)
        content = told if isinstance(told, bytes) else json.dumps(told or {"message": "no such target"}).encode()
        self.send_response(404 if told is None else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the standard library's names

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


def main() -> None:
    """Serve until SIGTERM."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    url = f"http://127.0.0.1:{server.server_port}/"
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    told = {"name": "telescope", "url": url, "settings": {"SCIBUS_TELESCOPE_BASE_URL": url}}
    sys.stdout.write(f"{json.dumps(told)}\n")
    sys.stdout.flush()
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
