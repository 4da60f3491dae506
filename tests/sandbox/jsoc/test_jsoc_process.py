"""The stand-in as a process of its own."""

import json
import signal
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture
def spawn():
    """Starts stand-ins and ends them."""
    processes = []

    def start(*options):
        command = [sys.executable, "-m", "scibus.sandbox.jsoc", *options]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_it_prints_its_addresses_when_it_listens(spawn):
    addresses = json.loads(spawn().stdout.readline())

    assert addresses == {
        "name": "jsoc",
        "url": addresses["url"],
        "cgi_url": addresses["url"] + "cgi-bin/ajax/",
        "download_url": addresses["url"],
        "settings": {
            "SCIBUS_DRMS_BASE_URL": addresses["url"] + "cgi-bin/ajax/",
            "SCIBUS_DRMS_DOWNLOAD_URL": addresses["url"],
        },
    }
    with urllib.request.urlopen(addresses["cgi_url"] + "show_series?filter=hmi.V", timeout=30) as answer:
        assert json.load(answer)["n"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_promptly_also_with_clients_waiting(spawn, number):
    process = spawn()
    addresses = json.loads(process.stdout.readline())
    fault = json.dumps({"delay": 60, "times": None}).encode()
    urllib.request.urlopen(addresses["url"] + "_standin/faults", fault, timeout=30).close()
    client = subprocess.Popen([sys.executable, "-c", WAITING_CLIENT, addresses["cgi_url"]], stdout=subprocess.PIPE)
    client.stdout.readline()

    process.send_signal(number)
    output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (0, "", "")
    client.kill()
    client.communicate()


WAITING_CLIENT = """
import socket, sys, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
connection = socket.create_connection((url.hostname, url.port))
connection.sendall(b"GET /cgi-bin/ajax/show_series HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n")
print("waiting", flush=True)
connection.recv(1)
"""


def test_the_generation_is_chosen_by_an_option(spawn):
    addresses = json.loads(spawn("--generation", "old").stdout.readline())
    url = addresses["cgi_url"] + "jsoc_fetch?op=exp_status&requestid=JSOC_20200101_999"

    with urllib.request.urlopen(url, timeout=30) as answer:
        assert json.load(answer)["status"] == 6
