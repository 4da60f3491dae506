"""What is said at start about where the MDB is and who asks."""

import ssl

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from scibus.autobahn.settings import AutobahnSettings
from scibus.runtime.settings import SettingsError, load_settings
from scibus.sandbox.mdb.certificates import Certificates


@pytest.fixture
def certificates(tmp_path):
    return Certificates(tmp_path, "localhost")


@pytest.fixture
def set_up(certificates, monkeypatch):
    """A worker's environment: `set_up(CERT=...)` changes it."""
    cert, key = certificates.client("alice")

    def change(**values):
        known = {"URL": "https://mas.example/", "CERT": cert, "KEY": key, **values}
        for name, value in known.items():
            monkeypatch.setenv(f"SCIBUS_AUTOBAHN_{name}", str(value))

    change()
    return change


def refusal():
    with pytest.raises(SettingsError) as refused:
        load_settings(AutobahnSettings)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_without_an_account_server_the_worker_says_so(set_up, monkeypatch):
    monkeypatch.delenv("SCIBUS_AUTOBAHN_URL")

    assert refusal() == "SCIBUS_AUTOBAHN_URL: Field required"


@pytest.mark.parametrize("url", ["mas.example", "ftp://mas.example", "https://", "https://mas.example:0", "https://["])
def test_a_url_that_leads_nowhere_is_refused(set_up, url):
    set_up(URL=url)

    assert "SCIBUS_AUTOBAHN_URL: must be a URL" in refusal()


def test_certificate_and_key_are_looked_for_where_the_published_client_does(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SCIBUS_AUTOBAHN_URL", "https://mas.example/")

    assert f"the client certificate {tmp_path}/.ssh/cert.crt is missing" in refusal()

    (tmp_path / ".ssh").mkdir()
    there = Certificates(tmp_path / ".ssh", "localhost")
    cert, key = there.client("alice")
    cert.rename(tmp_path / ".ssh/cert.crt")
    assert f"the key {tmp_path}/.ssh/cert.key is missing: put it there, or set SCIBUS_AUTOBAHN_KEY" in refusal()

    key.rename(tmp_path / ".ssh/cert.key")
    assert load_settings(AutobahnSettings).cert == tmp_path / ".ssh/cert.crt"


def test_a_key_of_another_certificate_is_told_with_both_files(set_up, certificates):
    cert, key = certificates.mismatched("alice")
    set_up(CERT=cert, KEY=key)

    assert f"the key {key} does not belong to the certificate {cert}: set SCIBUS_AUTOBAHN_CERT and" in refusal()


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("CERT", "holds no certificate in PEM form"),
        ("KEY", "holds no private key"),
        ("CA_BUNDLE", "holds no certificate"),
    ],
)
@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"]
)
def test_a_file_that_holds_something_else_is_named(set_up, tmp_path, setting, told, content):
    file = tmp_path / "file.pem"
    file.write_bytes(content)
    set_up(**{setting: file})

    assert f"{file} {told}" in refusal()
    assert f"SCIBUS_AUTOBAHN_{setting}" in refusal()


@pytest.mark.parametrize(
    ("setting", "what"), [("CERT", "client certificate"), ("KEY", "key"), ("CA_BUNDLE", "CA bundle")]
)
def test_a_folder_in_place_of_a_file_is_named(set_up, tmp_path, setting, what):
    set_up(**{setting: tmp_path})

    assert f"the {what} {tmp_path} cannot be read (Is a directory)" in refusal()


def test_a_key_with_a_passphrase_is_told_and_not_asked_for_on_the_terminal(set_up, certificates, tmp_path):
    known = load_pem_private_key(certificates.client("alice")[1].read_bytes(), None)
    key = tmp_path / "protected.key"
    key.write_bytes(known.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word")))
    set_up(KEY=key)

    assert f"the key {key} is protected by a passphrase" in refusal()


def test_certificate_and_key_may_lie_in_one_file(set_up, certificates, tmp_path):
    both = tmp_path / "both.pem"
    both.write_bytes(b"".join(path.read_bytes() for path in certificates.client("alice")))
    set_up(CERT=both, KEY=both)

    load_settings(AutobahnSettings).certificate.load_into(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def test_an_expired_certificate_is_no_reason_not_to_start(set_up, certificates):
    cert, key = certificates.expired("alice")
    set_up(CERT=cert, KEY=key)

    assert load_settings(AutobahnSettings).cert == cert


def test_the_bundle_that_the_published_client_documents_counts(set_up, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CA_BUNDLE", str(certificates.ca))

    assert load_settings(AutobahnSettings).ca_bundle == certificates.ca


def test_the_workers_own_setting_wins_over_the_documented_one(set_up, certificates, monkeypatch):
    monkeypatch.setenv("SSL_CA_BUNDLE", "/nowhere/ca.pem")
    set_up(CA_BUNDLE=certificates.ca)

    assert load_settings(AutobahnSettings).ca_bundle == certificates.ca


def test_a_documented_bundle_that_is_missing_is_named(set_up, monkeypatch):
    monkeypatch.setenv("SSL_CA_BUNDLE", "/nowhere/ca.pem")

    assert "the CA bundle /nowhere/ca.pem is missing: set SCIBUS_AUTOBAHN_CA_BUNDLE" in refusal()
