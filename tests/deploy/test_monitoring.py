"""Alerts and the dashboard speak of what there is: metrics and labels of a worker and of NATS's exporter."""

import json
import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests import standing
from tests.deploy.manifests import rendered
from tests.tools import ROOT, run, tool
from tests.waiting import read_page

nats_server, bus, jsoc, folder = standing.nats_server, standing.bus, standing.jsoc, standing.folder
spawn_worker = standing.spawn_worker

TARGET = {"job", "instance", "namespace", "pod", "container"}
"""Labels that Prometheus gives to all that a PodMonitor finds."""
SERVER = {"server_id", "server_name", "cluster", "domain", "meta_leader", "is_meta_leader"}
STREAM = {*SERVER, "account", "account_id", "stream_name", "stream_leader", "is_stream_leader", "stream_raft_group"}
CONSUMER = {*STREAM, "consumer_name", "consumer_leader", "is_consumer_leader", "consumer_desc"}
EXPORTER = {
    "nats_server_total_message_bytes": SERVER,
    "nats_server_max_storage": SERVER,
    "nats_stream_total_messages": STREAM,
    "nats_stream_total_bytes": STREAM,
    "nats_stream_limit_bytes": STREAM,
    "nats_stream_last_seq": STREAM,
    "nats_consumer_delivered_consumer_seq": CONSUMER,
    "nats_consumer_num_ack_pending": CONSUMER,
    "nats_consumer_num_pending": CONSUMER,
    "nats_consumer_num_redelivered": CONSUMER,
    "nats_consumer_num_waiting": CONSUMER,
}
"""Of prometheus-nats-exporter, with `-jsz=all` and the prefix `nats`, as the chart runs it."""


def alerts():
    groups = rendered("overlays/production").one("PrometheusRule", "scibus")["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard():
    return json.loads(rendered("overlays/production").one("ConfigMap", "scibus-dashboard")["data"]["scibus.json"])


def panels():
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def expressions():
    in_panels = [target["expr"].replace("$__rate_interval", "5m") for panel in panels() for target in panel["targets"]]
    return [rule["expr"] for rule in alerts()] + in_panels


@pytest.fixture(scope="module")
async def asked(bus, spawn_worker, jsoc):
    """A worker that has had a request and a job."""
    worker = await spawn_worker(
        "drms",
        SCIBUS_DRMS_BASE_URL=jsoc.cgi_url,
        SCIBUS_DRMS_DOWNLOAD_URL=jsoc.download_url,
        SCIBUS_HTTP_PORT="0",
    )
    query = {"ds": "hmi.v_45s[2013.07.03_08:42_TAI/3m]", "key": ["T_REC"]}
    await bus.drms.rs_list(**query)
    job = await bus.drms.rs_list.submit(**query)
    await job.result()
    return worker


@pytest.fixture(scope="module")
async def forwarding(bus, spawn_worker, mdb):
    """A worker that has forwarded a dataset."""
    worker = await spawn_worker("autobahn", **mdb.addresses()["settings"], SCIBUS_HTTP_PORT="0")
    async with await bus.autobahn.subscribe("weather", offset="begin") as subscription:
        await anext(subscription)
    return worker


@pytest.fixture(scope="module")
async def exposed(asked, forwarding):
    """The labels of each metric that workers expose."""
    found: dict[str, set[str]] = {"up": set()}
    for worker in (asked, forwarding):
        port = (await worker.logged("health and metrics are served"))["port"]
        families = text_string_to_metric_families(await read_page(port, "/metrics"))
        for sample in (sample for family in families for sample in family.samples):
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    """What the expressions look at, as a parser of PromQL reads them."""
    file = tmp_path_factory.mktemp("promql") / "expressions.json"
    file.write_text(json.dumps(expressions()), encoding="utf-8")
    parsed = run([*tool("promql"), str(file)])
    assert parsed.returncode == 0, parsed.stderr
    return list(zip(expressions(), json.loads(parsed.stdout), strict=True))


async def test_every_metric_exists_and_has_the_labels_that_are_asked_for(looked_at, exposed):
    labels_of = {**exposed, **EXPORTER}
    unknown = {name: text for text, parts in looked_at for name in parts["metrics"] if name not in labels_of}
    assert unknown == {}

    for text, parts in looked_at:
        for name, chosen_by in parts["metrics"].items():
            assert set(chosen_by) | set(parts["labels"]) <= labels_of[name] | TARGET, text


def test_alerts_say_what_is_wrong_and_where_to_read_on():
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["annotations"].keys() == {"summary", "description", "runbook"}
        assert re.fullmatch(r"docs/operate\.md#[a-z-]+", rule["annotations"]["runbook"])


def test_the_pages_that_alerts_name_are_written():
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "operate.md").read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}

    assert {rule["annotations"]["runbook"].partition("#")[2] for rule in alerts()} <= anchors


def test_the_dashboard_is_complete():
    everything = dashboard()

    assert len({panel["id"] for panel in everything["panels"]}) == len(everything["panels"])
    assert len({panel["title"] for panel in panels()}) == len(panels())
    assert {panel["datasource"]["uid"] for panel in panels()} == {"${datasource}"}
    assert [variable["name"] for variable in everything["templating"]["list"]] == ["datasource", "service", "operation"]


def test_grafana_finds_the_dashboard():
    config = rendered("overlays/production").one("ConfigMap", "scibus-dashboard")

    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
