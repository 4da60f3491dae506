"""The account server: it tells where everything is, and lets readers into datasets."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from scibus.sandbox.standin import Operation, Request, Response

from .datasets import Dataset
from .gateway_tokens import GatewayTokens, InvalidToken

OPERATIONS = {"/api/v1/config": "config", "/api/v1/streamql/jwt": "streamql_jwt"}
OF_A_DATASET = "/api/v1/user/jwt/"

Issue = Callable[[str, list[Dataset]], str]
"""Gives a reader the broker's token for datasets of one account."""


class AccountServer:
    """Its configuration is anybody's; for the rest one shows a token of the gateway.

    Args:
        tokens: the gateway's.
        datasets: by their slugs.
        issue: makes the broker's tokens.
        config: where everything is.
    """

    def __init__(
        self,
        tokens: GatewayTokens,
        datasets: Mapping[str, Dataset],
        issue: Issue,
        config: Callable[[], Mapping[str, str]],
    ) -> None:
        self._tokens = tokens
        self._datasets = datasets
        self._issue = issue
        self._config = config
        self._answers = {"config": self._tell, "user_jwt": self._let_in, "streamql_jwt": self._let_into_queries}

    @staticmethod
    def operation(request: Request) -> Operation:
        """ "config", "streamql_jwt", or "user_jwt" with its dataset."""
        if request.path.startswith(OF_A_DATASET):
            return Operation("user_jwt", {"dataset": unquote(request.path.removeprefix(OF_A_DATASET))})
        return Operation(OPERATIONS.get(request.path, request.path))

    async def answer(self, request: Request) -> Response:
        operation = self.operation(request)
        if request.method != "GET" or operation.name not in self._answers:
            return _refusal(404, f"there is no {request.method} {request.path}")
        try:
            return self._answers[operation.name](request, operation.parameters)
        except InvalidToken as invalid:
            return _refusal(401, str(invalid))

    def _tell(self, request: Request, parameters: Mapping[str, str]) -> Response:
        return Response(json.dumps(self._config()).encode())

    def _let_in(self, request: Request, parameters: Mapping[str, str]) -> Response:
        reader, slug = self._reader(request), parameters["dataset"]
        if slug not in self._datasets:
            return _refusal(404, f"there is no dataset {slug}")
        return self._let_into([self._datasets[slug]], reader)

    def _let_into_queries(self, request: Request, parameters: Mapping[str, str]) -> Response:
        reader = self._reader(request)
        return self._let_into([dataset for dataset in self._datasets.values() if dataset.is_streamql], reader)

    def _reader(self, request: Request) -> str:
        return self._tokens.bearer(request.headers.get("authorization"))

    def _let_into(self, datasets: list[Dataset], reader: str) -> Response:
        entitled = [dataset for dataset in datasets if reader in dataset.readers]
        if not entitled:
            return _refusal(403, f"{reader} is not entitled")
        # No more than the token: the published client takes the whole body for it.
        return Response(self._issue(reader, entitled).encode(), content_type="text/plain")


def _refusal(status: int, message: str) -> Response:
    return Response(json.dumps({"message": message}).encode(), status)
