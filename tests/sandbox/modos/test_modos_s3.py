"""The objects on an S3-compatible server instead of in a folder."""

import obstore
import pytest

from scibus.sandbox.modos import ModosStandIn, S3Place
from tests.s3 import S3Server


@pytest.fixture(scope="module")
async def on_s3():
    """A stand-in whose server takes no other keys than its own."""
    with S3Server(strict=True) as server:
        place = S3Place(url=server.url, bucket="demo-objects", access_key=server.key, secret_key=server.secret)
        async with ModosStandIn(s3=place) as stand_in:
            yield stand_in


async def test_clients_are_told_the_server_and_its_key(on_s3, http):
    place = on_s3.buckets.place

    assert (await http.get(on_s3.url)).json()["s3"] == place.url
    assert on_s3.addresses()["settings"] == {
        "SCIBUS_MODOS_URL": on_s3.url,
        "SCIBUS_MODOS_REFGET_BUCKET": "reference-genomes",
        "AWS_ACCESS_KEY_ID": place.access_key,
        "AWS_SECRET_ACCESS_KEY": place.secret_key,
        "AWS_DEFAULT_REGION": "us-east-1",
    }


async def test_the_samples_are_in_its_buckets(on_s3, http):
    listed = (await http.get(f"{on_s3.url}list")).json()["data"]
    on_s3.configure({"generation": "0.3.5"})
    of_release = (await http.get(f"{on_s3.url}list")).json()["modos"]
    on_s3.configure({"generation": "head"})

    assert listed == ["s3://demo-objects/GIAB", "s3://demo-objects/ex", "s3://demo-objects/proj/nested-ex"]
    assert of_release == ["s3://modos-035/GIAB", "s3://modos-035/ex"]
    bam = await obstore.get_async(on_s3.buckets.place.open("demo-objects"), "ex/demo1.bam")
    assert (await bam.bytes_async()).to_bytes().endswith(bytes(8))


async def test_blocks_come_from_there(on_s3, http, ask):
    ticket = (await http.get(f"{on_s3.url}htsget/reads/ex/demo1")).json()["htsget"]
    whole = await ask.content(ticket)
    again = await ask.content(ticket)

    assert whole == again == await on_s3.buckets.read("demo-objects", "ex/demo1.bam")


async def test_a_file_that_was_replaced_is_served_anew(on_s3, http, ask):
    url = f"{on_s3.url}htsget/variants/GIAB/calls1"
    before = await ask.content((await http.get(url)).json()["htsget"])
    await on_s3.buckets.write("demo-objects", {"GIAB/calls1.vcf.gz": before[:-28] + before[-28:] * 2})
    after = await ask.content((await http.get(url)).json()["htsget"])

    assert len(after) == len(before) + 28


async def test_the_key_service_gives_that_key_away(on_s3, http):
    on_s3.configure({"login": True})
    token = await on_s3.actions()["token"]()
    key = (await http.get(f"{on_s3.url}kms/create", headers={"Authorization": f"Bearer {token}"})).json()
    on_s3.configure({"login": False})

    assert key["access_key_id"] == on_s3.buckets.place.access_key
    assert key["spec"]["bucket"] == "demo-objects"
