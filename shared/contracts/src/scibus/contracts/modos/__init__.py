"""MODOS: multi-omics digital objects. Facts: sdsc-ordes/modos-api; GA4GH htsget 1.3 and refget 2.0."""

from scibus.contracts.modos.deployment import (
    AccessToken,
    AccessTokenQuery,
    AuthEndpoint,
    Endpoints,
    EndpointsQuery,
    LoggedIn,
    LoginOrder,
    S3Key,
    S3KeyPermissions,
    S3KeyQuery,
    ServiceInfo,
    ServiceInfoQuery,
)
from scibus.contracts.modos.digests import SequenceDigests, SequenceHash, SequenceId
from scibus.contracts.modos.edits import (
    AddOrder,
    CreateOrder,
    EditedObject,
    EnrichedObject,
    EnrichOrder,
    NewElement,
    PublishedSequence,
    PublishedSequences,
    PublishOrder,
    RemoveOrder,
    UpdateOrder,
)
from scibus.contracts.modos.objects import (
    BrokenObject,
    ElementsQuery,
    FilesQuery,
    FindQuery,
    FoundObject,
    FoundObjects,
    ListQuery,
    Metadata,
    MetadataList,
    MetadataQuery,
    ObjectElement,
    ObjectElements,
    ObjectFile,
    ObjectFiles,
    ObjectList,
    ObjectMetadata,
    ObjectPlace,
    ObjectPlaces,
    S3PathQuery,
    ShownObject,
    ShowQuery,
)
from scibus.contracts.modos.paths import S3Path, is_s3_path
from scibus.contracts.modos.sequences import (
    Code,
    Codes,
    CodesQuery,
    Collections,
    CollectionsQuery,
    SequenceAlias,
    SequenceMetadata,
    SequenceMetadataQuery,
    SequencePart,
    SequenceQuery,
)
from scibus.contracts.modos.slices import Format, Records, RecordsOrder, Region, Slice, SliceOrder, StreamOrder
from scibus.contracts.modos.transfers import DownloadOrder, TransferredFile, TransferredObject, UploadFile, UploadOrder
from scibus.contracts.operations import Service, job, request


class Modos(Service):
    """MODOS: multi-omics digital objects in an object store, and slices of their genome files."""

    endpoints = request(EndpointsQuery, Endpoints, summary="Tell where the services of the deployment are")
    service_info = request(ServiceInfoQuery, ServiceInfo, summary="Tell what htsget or refget can do")
    list = request(ListQuery, ObjectList, summary="List the objects of the deployment")
    metadata = request(MetadataQuery, MetadataList, summary="Tell what all objects, or one, say of themselves")
    find = request(FindQuery, FoundObjects, summary="Find objects by name, exactly or by likeness")
    s3_path = request(S3PathQuery, ObjectPlaces, summary="Tell where in the object store objects of a name are")
    files = request(FilesQuery, ObjectFiles, summary="List the files of an object")
    elements = request(ElementsQuery, ObjectElements, summary="List the elements of an object")
    show = request(ShowQuery, ShownObject, summary="Show an object or its elements as YAML, JSON or Turtle")
    refget_sequence = request(SequenceQuery, SequencePart, summary="Fetch a reference sequence, or a part of it")
    refget_metadata = request(SequenceMetadataQuery, SequenceMetadata, summary="Describe a reference sequence")
    codes = request(CodesQuery, Codes, summary="Find the terms of an ontology that a text means")
    collections = request(CollectionsQuery, Collections, summary="List the collections of terms")
    token = request(AccessTokenQuery, AccessToken, summary="Tell how it stands with the worker's access token")
    s3_key = request(S3KeyQuery, S3Key, summary="Let the key service give the worker a key to the object store")
    login = job(LoginOrder, LoggedIn, summary="Log the worker in, with a person's help", attempts=2, time_limit=3700.0)
    stream = job(StreamOrder, Slice, summary="Get regions of a genome file, as htsget gives them")
    records = job(RecordsOrder, Records, summary="Get the records of a genome file that overlap regions, exactly")
    download = job(DownloadOrder, TransferredObject, summary="Fetch the files of an object", attempts=8)
    upload = job(UploadOrder, TransferredObject, summary="Store files as an object", attempts=8)
    create = job(CreateOrder, EditedObject, summary="Make a new object")
    add = job(AddOrder, EditedObject, summary="Add elements to an object")
    update = job(UpdateOrder, EditedObject, summary="Change attributes of an object or an element")
    remove = job(RemoveOrder, EditedObject, summary="Remove an element of an object, and the links to it")
    enrich = job(EnrichOrder, EnrichedObject, summary="Add the sequences that headers of an object's data name")
    publish = job(PublishOrder, PublishedSequences, summary="Let refget have the sequences of a FASTA file")


__all__ = [
    "AccessToken",
    "AccessTokenQuery",
    "AddOrder",
    "AuthEndpoint",
    "BrokenObject",
    "Code",
    "Codes",
    "CodesQuery",
    "Collections",
    "CollectionsQuery",
    "CreateOrder",
    "DownloadOrder",
    "EditedObject",
    "ElementsQuery",
    "Endpoints",
    "EndpointsQuery",
    "EnrichOrder",
    "EnrichedObject",
    "FilesQuery",
    "FindQuery",
    "Format",
    "FoundObject",
    "FoundObjects",
    "ListQuery",
    "LoggedIn",
    "LoginOrder",
    "Metadata",
    "MetadataList",
    "MetadataQuery",
    "Modos",
    "NewElement",
    "ObjectElement",
    "ObjectElements",
    "ObjectFile",
    "ObjectFiles",
    "ObjectList",
    "ObjectMetadata",
    "ObjectPlace",
    "ObjectPlaces",
    "PublishOrder",
    "PublishedSequence",
    "PublishedSequences",
    "Records",
    "RecordsOrder",
    "Region",
    "RemoveOrder",
    "S3Key",
    "S3KeyPermissions",
    "S3KeyQuery",
    "S3Path",
    "S3PathQuery",
    "SequenceAlias",
    "SequenceDigests",
    "SequenceHash",
    "SequenceId",
    "SequenceMetadata",
    "SequenceMetadataQuery",
    "SequencePart",
    "SequenceQuery",
    "ServiceInfo",
    "ServiceInfoQuery",
    "ShowQuery",
    "ShownObject",
    "Slice",
    "SliceOrder",
    "StreamOrder",
    "TransferredFile",
    "TransferredObject",
    "UpdateOrder",
    "UploadFile",
    "UploadOrder",
    "is_s3_path",
]
