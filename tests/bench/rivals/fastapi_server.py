# /// script
# requires-python = ">=3.11"
# dependencies = ["fastapi>=0.115", "uvicorn[standard]>=0.35"]
# ///
"""FastAPI on uvicorn: the same two questions, and a file each way. Tells its port in the first line."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel

FILE = Path(os.environ["BENCH_FOLDER"]) / "upload"


class Text(BaseModel):
    text: str


class Wait(BaseModel):
    seconds: float


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    print(listener.getsockname()[1], flush=True)
    yield


app = FastAPI(lifespan=lifespan)


@app.post("/echo")
async def echo(body: Text) -> Text:
    return Text(text=body.text)


@app.post("/wait")
async def wait(body: Wait) -> Wait:
    await asyncio.sleep(body.seconds)
    return body


@app.put("/file")
async def put(request: Request) -> None:
    with FILE.open("wb") as file:
        async for piece in request.stream():
            await asyncio.to_thread(file.write, piece)


@app.get("/file")
async def get() -> FileResponse:
    return FileResponse(FILE)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    sys.exit(server.run(sockets=[listener]))
