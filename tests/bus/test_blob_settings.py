"""Where blobs go is set for workers and callers alike; what cannot work is said at start, in one line."""

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
