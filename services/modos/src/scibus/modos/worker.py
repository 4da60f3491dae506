"""What is wired to what: each operation of `Modos`, and the part of the deployment that does it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from scibus.bus.blobs import Blobs
from scibus.contracts.modos import (
    AccessToken,
    AccessTokenQuery,
    AddOrder,
    Codes,
    CodesQuery,
    Collections,
    CollectionsQuery,
    CreateOrder,
    DownloadOrder,
    EditedObject,
    ElementsQuery,
    Endpoints,
    EndpointsQuery,
    EnrichedObject,
    EnrichOrder,
    FilesQuery,
    FindQuery,
    FoundObjects,
    ListQuery,
    LoggedIn,
    LoginOrder,
    MetadataList,
    MetadataQuery,
    Modos,
    ObjectElements,
    ObjectFiles,
    ObjectList,
    ObjectPlaces,
    PublishedSequences,
    PublishOrder,
    Records,
    RecordsOrder,
    RemoveOrder,
    S3Key,
    S3KeyQuery,
    S3PathQuery,
    SequenceMetadata,
    SequenceMetadataQuery,
    SequencePart,
    SequenceQuery,
    ServiceInfo,
    ServiceInfoQuery,
    ShownObject,
    ShowQuery,
    Slice,
    StreamOrder,
    TransferredObject,
    UpdateOrder,
    UploadOrder,
)
from scibus.modos.access.device_login import logged_in
from scibus.modos.deployment import Deployment
from scibus.modos.editing.showing import shown
from scibus.modos.edits import JobEdits
from scibus.modos.settings import ModosSettings
from scibus.modos.slices import JobSlices
from scibus.modos.transfer import Download, Upload
from scibus.runtime import Job, Metrics, Worker
from scibus.runtime.http import HttpCalls


async def open_deployment(settings: ModosSettings, metrics: Metrics) -> AsyncIterator[Deployment]:
    """The deployment that the settings name."""
    async with Deployment(settings, HttpCalls(metrics)) as deployment:
        yield deployment


worker = Worker(Modos, ModosSettings, resources=[open_deployment])


@worker.handles(Modos.endpoints)
async def endpoints(query: EndpointsQuery, deployment: Deployment) -> Endpoints:
    return await deployment.endpoints.all(refresh=query.refresh)


@worker.handles(Modos.service_info)
async def service_info(query: ServiceInfoQuery, deployment: Deployment) -> ServiceInfo:
    return ServiceInfo(service=query.service, info=await deployment.service_info(query.service))


@worker.handles(Modos.list)
async def list_objects(query: ListQuery, deployment: Deployment) -> ObjectList:
    return await deployment.objects.listed(query)


@worker.handles(Modos.metadata)
async def metadata(query: MetadataQuery, deployment: Deployment) -> MetadataList:
    return await deployment.objects.metadata(query)


@worker.handles(Modos.find)
async def find(query: FindQuery, deployment: Deployment) -> FoundObjects:
    return FoundObjects(data=await deployment.objects.find(query.query, fuzzy=query.fuzzy))


@worker.handles(Modos.s3_path)
async def s3_path(query: S3PathQuery, deployment: Deployment) -> ObjectPlaces:
    return await deployment.objects.places(query.query, exact=query.exact_match)


@worker.handles(Modos.files)
async def files(query: FilesQuery, deployment: Deployment) -> ObjectFiles:
    return await deployment.objects.files(query.modo)


@worker.handles(Modos.elements)
async def elements(query: ElementsQuery, deployment: Deployment) -> ObjectElements:
    return await deployment.objects.elements(query)


@worker.handles(Modos.show)
async def show(query: ShowQuery, deployment: Deployment) -> ShownObject:
    thing = await deployment.objects.object(query.modo)
    return await asyncio.to_thread(shown, thing.meta, query, thing.path)


@worker.handles(Modos.refget_sequence)
async def refget_sequence(query: SequenceQuery, deployment: Deployment) -> SequencePart:
    return await (await deployment.refget()).sequence(query)


@worker.handles(Modos.refget_metadata)
async def refget_metadata(query: SequenceMetadataQuery, deployment: Deployment) -> SequenceMetadata:
    return await (await deployment.refget()).metadata(query.id)


@worker.handles(Modos.codes)
async def codes(query: CodesQuery, deployment: Deployment) -> Codes:
    return await (await deployment.fuzon()).codes(query.collection, query.query, query.top)


@worker.handles(Modos.collections)
async def collections(query: CollectionsQuery, deployment: Deployment) -> Collections:
    return Collections(collections=await (await deployment.fuzon()).collections())


@worker.handles(Modos.token)
async def token(query: AccessTokenQuery, deployment: Deployment) -> AccessToken:
    return await deployment.bearer.state()


@worker.handles(Modos.s3_key)
async def s3_key(query: S3KeyQuery, deployment: Deployment) -> S3Key:
    return await deployment.keys.key(renew=query.renew)


@worker.handles(Modos.login)
async def login(order: LoginOrder, job: Job, deployment: Deployment) -> LoggedIn:
    async def tell(gone: float, last: float, text: str) -> None:
        await job.progress(gone, last, "s", text)

    grant = await logged_in(await deployment.provider(), order.seconds, tell)
    await deployment.bearer.keep(grant)
    await deployment.keys.forget()
    return LoggedIn(
        expires_at=datetime.fromtimestamp(grant.access.expires_at, UTC),
        refreshable=grant.refresh is not None,
        scope=grant.scope,
    )


@worker.handles(Modos.stream)
async def stream(order: StreamOrder, job: Job, deployment: Deployment, blobs: Blobs) -> Slice:
    return await JobSlices(deployment, job, blobs).stream(order)


@worker.handles(Modos.records)
async def records(order: RecordsOrder, job: Job, deployment: Deployment, blobs: Blobs) -> Records:
    return await JobSlices(deployment, job, blobs).records(order)


@worker.handles(Modos.download)
async def download(order: DownloadOrder, job: Job, deployment: Deployment, blobs: Blobs) -> TransferredObject:
    place = await deployment.objects.place(order.modo)
    store = await deployment.stores.bucket(place.bucket)
    return await (await Download.open(store, place, job, blobs)).of(order.files)


@worker.handles(Modos.upload)
async def upload(order: UploadOrder, job: Job, deployment: Deployment, blobs: Blobs) -> TransferredObject:
    async with deployment.objects.changing(order.path, job, may_be_new=True) as (store, place):
        return await (await Upload.open(store, place, job, blobs)).of(order.files, overwrite=order.overwrite)


@worker.handles(Modos.create)
async def create(order: CreateOrder, job: Job, deployment: Deployment, blobs: Blobs) -> EditedObject:
    return await JobEdits(deployment, job, blobs).create(order)


@worker.handles(Modos.add)
async def add(order: AddOrder, job: Job, deployment: Deployment, blobs: Blobs) -> EditedObject:
    return await JobEdits(deployment, job, blobs).add(order)


@worker.handles(Modos.update)
async def update(order: UpdateOrder, job: Job, deployment: Deployment, blobs: Blobs) -> EditedObject:
    return await JobEdits(deployment, job, blobs).update(order)


@worker.handles(Modos.remove)
async def remove(order: RemoveOrder, job: Job, deployment: Deployment, blobs: Blobs) -> EditedObject:
    return await JobEdits(deployment, job, blobs).remove(order)


@worker.handles(Modos.enrich)
async def enrich(order: EnrichOrder, job: Job, deployment: Deployment, blobs: Blobs) -> EnrichedObject:
    return await JobEdits(deployment, job, blobs).enrich(order)


@worker.handles(Modos.publish)
async def publish(order: PublishOrder, job: Job, deployment: Deployment, blobs: Blobs) -> PublishedSequences:
    return await JobEdits(deployment, job, blobs).publish(order)
