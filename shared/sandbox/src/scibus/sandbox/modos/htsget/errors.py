"""The errors of the specification."""

from __future__ import annotations

from scibus.sandbox.modos.answers import json_answer
from scibus.sandbox.standin import Response

CONTENT_TYPE = "application/vnd.ga4gh.htsget.v1.0.0+json; charset=utf-8"

STATUSES = {
    "InvalidAuthentication": 401,
    "PermissionDenied": 403,
    "NotFound": 404,
    "PayloadTooLarge": 413,
    "UnsupportedFormat": 400,
    "InvalidInput": 400,
    "InvalidRange": 400,
}


class HtsgetError(Exception):
    """The request is answered by an error of this name."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self._error = error

    def response(self) -> Response:
        document = {"htsget": {"error": self._error, "message": str(self)}}
        return json_answer(document, STATUSES[self._error], CONTENT_TYPE)
