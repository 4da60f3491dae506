"""A service that does nothing but move objects: run as `python mover.py`, with the object store that it is told."""

from datetime import timedelta
from pathlib import Path

from obstore.store import LocalStore, S3Store
from pydantic_settings import BaseSettings, SettingsConfigDict

from scibus.bus.blobs import Blobs
from scibus.contracts import Service, job
from scibus.contracts.modos import DownloadOrder, S3Path, TransferredObject, UploadOrder
from scibus.modos.transfer import Download, Upload
from scibus.runtime import Job, Worker


class Mover(Service):
    """Objects from here to there."""

    download = job(DownloadOrder, TransferredObject, summary="Fetch the files of an object", attempts=8)
    upload = job(UploadOrder, TransferredObject, summary="Store files as an object", attempts=8)


class MoverSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="SCIBUS_MOVER_")

    store: str = ""
    folder: str = ""
    key: str = "any"
    secret: str = "any"

    def bucket(self, name: str) -> S3Store | LocalStore:
        """The bucket `name`: a folder where there is one of that name, else of the server."""
        if self.folder and (Path(self.folder) / name).is_dir():
            return LocalStore(Path(self.folder) / name)
        return S3Store(
            name,
            endpoint=self.store,
            region="us-east-1",
            access_key_id=self.key,
            secret_access_key=self.secret,
            client_options={"allow_http": True},
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=5)},
        )


worker = Worker(Mover, MoverSettings, distribution="scibus-modos")


@worker.handles(Mover.download)
async def download(order: DownloadOrder, job: Job, settings: MoverSettings, blobs: Blobs) -> TransferredObject:
    place = S3Path.parse(order.modo)
    moving = await Download.open(settings.bucket(place.bucket), place, job, blobs)
    return await moving.of(order.files)


@worker.handles(Mover.upload)
async def upload(order: UploadOrder, job: Job, settings: MoverSettings, blobs: Blobs) -> TransferredObject:
    place = S3Path.parse(order.path)
    moving = await Upload.open(settings.bucket(place.bucket), place, job, blobs)
    return await moving.of(order.files, overwrite=order.overwrite)


if __name__ == "__main__":
    worker.run()
