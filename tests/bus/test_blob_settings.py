"""Where blobs go is set for workers and callers alike; what cannot work is said at start, in one line."""

import sys

import pytest

from scibus.bus.settings import BusSettings
from scibus.runtime.settings import SettingsError, WorkerSettings, load_settings


def test_blobs_go_into_nats_unless_somebody_says_otherwise():
    assert (BusSettings().blob_store, BusSettings().blob_folder) == ("nats", None)


def test_a_folder_alone_is_for_reading(monkeypatch, folder):
    monkeypatch.setenv("SCIBUS_BLOB_FOLDER", str(folder))

    assert (BusSettings().blob_store, BusSettings().blob_folder) == ("nats", folder)


def test_files_need_a_folder(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "file")

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_STORE=file goes with SCIBUS_BLOB_FOLDER$"):
        load_settings(WorkerSettings)


def test_a_folder_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_FOLDER", "/nowhere/blobs")

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_FOLDER: there is no folder /nowhere/blobs$"):
        load_settings(WorkerSettings)


def test_a_folder_that_takes_no_files_is_named(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "file")
    monkeypatch.setenv("SCIBUS_BLOB_FOLDER", "/proc")

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_FOLDER: /proc takes no files") as raised:
        load_settings(WorkerSettings)
    assert "\n" not in str(raised.value)


def test_trying_the_folder_leaves_nothing(monkeypatch, folder):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "file")
    monkeypatch.setenv("SCIBUS_BLOB_FOLDER", str(folder))

    assert load_settings(WorkerSettings).blob_store == "file"
    assert list(folder.iterdir()) == []


def test_another_store_is_refused(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "floppy")

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_STORE: "):
        load_settings(WorkerSettings)


def test_a_bucket_alone_is_for_reading(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_URL", "s3://bucket/some/prefix")

    assert (BusSettings().blob_store, BusSettings().blob_url) == ("nats", "s3://bucket/some/prefix")


def test_objects_need_a_bucket(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "s3")

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_STORE=s3 goes with SCIBUS_BLOB_URL$"):
        load_settings(WorkerSettings)


@pytest.mark.parametrize(
    "url",
    [
        "bucket",
        "https://bucket/prefix",
        "s3://",
        "s3://a",
        "s3://bucket/../up",
        "s3://bucket/a//b",
        "s3://key:secret@bucket",
        "s3://bucket:9000",
        "s3://bucket?region=eu",
        "s3://[bucket",
    ],
)
def test_a_url_that_names_no_bucket_is_refused_and_not_shown(monkeypatch, url):
    monkeypatch.setenv("SCIBUS_BLOB_URL", url)

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_URL: must be a URL as s3://bucket or s3://bucket/prefix$"):
        load_settings(WorkerSettings)


@pytest.mark.parametrize(
    "endpoint",
    ["storage:9000", "ftp://storage", "http://", "http://key:secret@storage", "http://[storage", "http://storage:x"],
)
def test_an_endpoint_that_leads_nowhere_is_named(monkeypatch, endpoint):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "s3")
    monkeypatch.setenv("SCIBUS_BLOB_URL", "s3://bucket")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)

    with pytest.raises(SettingsError, match=r"^AWS_ENDPOINT_URL_S3 must be a URL as https://host:9000$"):
        load_settings(WorkerSettings)


@pytest.mark.parametrize(("name", "value"), [("AWS_CONDITIONAL_PUT", "secret"), ("AWS_UNSIGNED_PAYLOAD", "secret")])
def test_a_variable_of_s3_that_cannot_be_used_is_not_shown(monkeypatch, name, value):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "s3")
    monkeypatch.setenv("SCIBUS_BLOB_URL", "s3://bucket")
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=r"AWS_\* variables hold something that cannot be used") as raised:
        load_settings(WorkerSettings)
    assert value not in str(raised.value)


def test_authorities_that_cannot_be_read_are_named(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "s3")
    monkeypatch.setenv("SCIBUS_BLOB_URL", "s3://bucket")
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere/ca.pem")

    with pytest.raises(SettingsError, match=r"AWS_CA_BUNDLE: /nowhere/ca.pem cannot be read"):
        load_settings(WorkerSettings)


def test_without_the_library_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setenv("SCIBUS_BLOB_STORE", "s3")
    monkeypatch.setenv("SCIBUS_BLOB_URL", "s3://bucket")
    monkeypatch.setitem(sys.modules, "obstore.store", None)

    with pytest.raises(SettingsError, match=r"^SCIBUS_BLOB_STORE=s3: .*install scibus\[s3\]$"):
        load_settings(WorkerSettings)
