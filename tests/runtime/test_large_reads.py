"""What has come over a connection is taken in large pieces."""

import asyncio

import httpx
import pytest

from scibus.runtime.http.large_reads import PIECE, read_in_large_pieces

SIZE = 8 * 1024 * 1024
HEAD = f"HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n".encode()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD + bytes(SIZE))
    await writer.drain()
    writer.close()


async def largest_piece(client: httpx.AsyncClient) -> int:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, client, client.stream("GET", f"http://127.0.0.1:{port}/") as response:
        sizes = []
        async for piece in response.aiter_raw():
            sizes.append(len(piece))
            # What the other side sends meanwhile is there for the next piece.
            await asyncio.sleep(0.001)
    assert sum(sizes) == SIZE
    return max(sizes)


async def test_a_large_body_comes_in_large_pieces() -> None:
    ordinary = await largest_piece(httpx.AsyncClient())
    large = await largest_piece(read_in_large_pieces(httpx.AsyncClient()))

    assert ordinary <= 64 * 1024 < large <= PIECE


async def test_a_proxy_is_still_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    client = read_in_large_pieces(httpx.AsyncClient())

    async with client:
        with pytest.raises(httpx.ConnectError):
            await client.get("http://scibus.example/")
