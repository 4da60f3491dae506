# /// script
# requires-python = ">=3.11"
# dependencies = ["drms>=0.9,<0.10", "numpy", "pandas<3"]
# ///
"""The published drms client, run against a stand-in for JSOC: `drms_client.py CGI_URL DOWNLOAD_URL`.

Prints one line of JSON; ends with an exit code other than 0 when the client does not find what JSOC would give.
"""

import argparse
import json
import sys
import tarfile
import tempfile
from pathlib import Path

import drms
import numpy as np
from drms.config import ServerConfig, register_server
from drms.json import HttpJsonClient

ADDRESS = "user@example.com"
FOUR_DOPPLERGRAMS = "hmi.v_45s[2013.07.03_08:42_TAI/3m]"
FOUR_TIMES = [f"2013.07.03_{clock}_TAI" for clock in ("08:42:00", "08:42:45", "08:43:30", "08:44:15")]
PROMPT = {"sleep": 0.05, "timeout": 20}


class Disagreement(Exception):
    """The client got something else than expected."""


def expect(what, got, expected):
    if got != expected:
        raise Disagreement(f"{what}: {got!r} instead of {expected!r}")


def fits_header(path):
    """The cards of the primary header by name, as text."""
    cards = {}
    content = path.read_bytes()
    expect(f"size of {path.name} modulo 2880", len(content) % 2880, 0)
    for start in range(0, len(content), 80):
        card = content[start : start + 80].decode("ascii")
        if card.startswith("END "):
            return cards, content[(start // 2880 + 1) * 2880 :]
        name, _, value = card.partition("=")
        cards[name.strip()] = value.strip().strip("'").strip()
    raise Disagreement(f"{path.name} has no END card")


def judge_series(http, client):
    listed = http.show_series("hmi[.]v_45s")
    expect("show_series", (listed["n"], listed["names"][0]["name"]), (1, "hmi.V_45s"))
    expect("show_series_wrapper", http.show_series_wrapper("^hmi[.]M_45s$")["seriesList"], ["hmi.M_45s"])
    expect("no prime keys in the wrapper", list(client.series("^aia", full=True).columns), ["name", "note"])
    struct = http.series_struct("hmi.v_45s")
    expect("series_struct", (struct["status"], struct["primekeys"]), (0, ["T_REC", "CAMERA"]))
    info = client.info("hmi.V_45s")
    expect("type of BIGCOUNT", info.keywords.loc["BIGCOUNT", "type"], "longlong")
    expect("latin-1 in a note", "\u00c5" in info.keywords.loc["CONTENT", "note"], True)
    expect("prime keys", client.pkeys("hmi.sharp_cea_720s"), ["HARPNUM", "T_REC"])


def judge_queries(http, client):
    expect("rs_summary", http.rs_summary(FOUR_DOPPLERGRAMS)["count"], 4)
    raw = http.rs_list(FOUR_DOPPLERGRAMS, key=["T_REC", "*recnum*"], seg="Dopplergram", recinfo=True, n=-1)
    expect("rs_list, last record", raw["keywords"][0]["values"], FOUR_TIMES[-1:])
    expect("rs_list, online", [entry["online"] for entry in raw["recinfo"]], [1])
    keys, segments = client.query(
        FOUR_DOPPLERGRAMS, key="T_REC, CAMERA, QUALITY, CRLN_OBS", seg="Dopplergram", rec_index=True
    )
    expect("T_REC", list(keys.T_REC), FOUR_TIMES)
    expect("QUALITY", list(keys.QUALITY), [0, 0, 0, 0])
    expect("type of CRLN_OBS", keys.CRLN_OBS.dtype, np.dtype("float64"))
    expect("record index", keys.index[0], "hmi.V_45s[2013.07.03_08:42:00_TAI][2]")
    expect("segment path", segments.Dopplergram.iloc[0].startswith("/SUM"), True)
    expect("time", str(drms.to_datetime(keys.T_REC).iloc[1]), "2013-07-03 08:42:45")
    expect("link", client.query("hmi.B_720s[$]", link="MDATA").MDATA.iloc[0].split("[")[0], "hmi.ME_720s_fd10")
    expect("no records", len(client.query("hmi.v_45s[2030.01.01]", key="T_REC")), 0)
    try:
        client.query("hmi.no_such_series[$]", key="T_REC")
    except drms.DrmsQueryError as error:
        expect("error of an unknown series", "series not found" in str(error), True)
    else:
        raise Disagreement("an unknown series gave no error")


def judge_addresses(http, client):
    expect("registered", http.check_address(ADDRESS)["status"], 2)
    expect("unknown", http.check_address("new@example.com")["status"], 4)
    expect("invalid", http.check_address("nope")["status"], -2)
    expect("check_email", client.check_email(ADDRESS), True)


def judge_raw_export(http):
    answer = http.exp_request("hmi.ic_45s[2014.01.01_TAI]", ADDRESS, method="url", protocol="fits")
    expect("exp_request", answer["status"], 2)
    statuses = [int(http.exp_status(answer["requestid"])["status"]) for _ in range(2)]
    expect("exp_status", statuses, [1, 0])


def judge_quick_export(client, directory):
    export = client.export("hmi.m_45s[2013.07.03_08:42_TAI]{magnetogram}", method="url_quick", protocol="as-is")
    expect("quick export", (export.id, export.status), (None, 0))
    (file,) = export.download(directory).download
    expect("its name", Path(file).name, "hmi.m_45s.20130703_084200_TAI.2.magnetogram.fits")
    expect("its time", fits_header(Path(file))[0]["T_REC"], FOUR_TIMES[0])


def judge_fits_export(client, directory):
    export = client.export(FOUR_DOPPLERGRAMS + "{Dopplergram}", method="url", protocol="fits")
    expect("pending", export.status, 2)
    expect("waited", export.wait(**PROMPT), True)
    files = [Path(file) for file in export.download(directory).download]
    expect("records", list(export.data.record), [f"hmi.V_45s[{time}][2]" for time in FOUR_TIMES])
    expect("first name", files[0].name, "hmi.v_45s.20130703_084200_TAI.2.Dopplergram.fits")
    headers = [fits_header(file) for file in files]
    expect("times in the files", [cards["T_REC"] for cards, _ in headers], FOUR_TIMES)
    cards, pixels = headers[0]
    width, height = int(cards["NAXIS1"]), int(cards["NAXIS2"])
    image = np.frombuffer(pixels[: width * height * 4], dtype=">i4")
    expect("pixels off the limb", int(image[0]), int(cards["BLANK"]))
    expect("export_from_id", client.export_from_id(export.id).status, 0)


def judge_tar_export(client, directory):
    export = client.export("hmi.b_720s[2013.07.03_09:00_TAI]{field,disambig}", method="url-tar", protocol="fits")
    expect("waited for tar", export.wait(**PROMPT), True)
    (file,) = export.download(directory).download
    with tarfile.open(file) as tar:
        names = sorted(name for name in tar.getnames() if name.endswith(".fits"))
    stem = "hmi.b_720s.20130703_090000_TAI.3"
    expect("members", names, [f"{stem}.disambig.fits", f"{stem}.field.fits"])


def judge_movie_and_cut_out(client):
    movie = client.export("aia.lev1_euv_12s[2013-07-03T00:00:00Z/24s][171]{image}", method="url", protocol="mpg")
    expect("waited for movie", movie.wait(**PROMPT), True)
    expect("id of a movie", movie.id.startswith("JSOC_"), True)
    expect("its first row", movie.data.record.iloc[0], "movie of the following data")
    patch = {"im_patch": {"t_ref": "2013-07-03T00:00:00", "x": 0, "y": 0, "width": 100, "height": 100}}
    cut = client.export(
        "aia.lev1_euv_12s[2013-07-03T00:00:00Z/12s][171]{image}", method="url", protocol="fits", process=patch
    )
    expect("waited for cut-out", cut.wait(**PROMPT), True)
    expect("processed series", cut.data.record.iloc[0].split("[")[0], "aia.lev1_euv_12s_mod")


def main(cgi_url, download_url):
    config = ServerConfig(
        name="stand-in",
        cgi_baseurl=cgi_url,
        cgi_show_series="show_series",
        cgi_jsoc_info="jsoc_info",
        cgi_jsoc_fetch="jsoc_fetch",
        cgi_check_address="checkAddress.sh",
        cgi_show_series_wrapper="showextseries",
        show_series_wrapper_dbhost="hmidb2",
        http_download_baseurl=download_url,
    )
    register_server(config)
    http = HttpJsonClient("stand-in")
    client = drms.Client("stand-in", email=ADDRESS)
    judge_series(http, client)
    judge_queries(http, client)
    judge_addresses(http, client)
    judge_raw_export(http)
    with tempfile.TemporaryDirectory() as directory:
        judge_quick_export(client, directory)
        judge_fits_export(client, directory)
        judge_tar_export(client, directory)
    judge_movie_and_cut_out(client)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Runs the drms client against a stand-in for JSOC.")
    parser.add_argument("cgi_url")
    parser.add_argument("download_url")
    addresses = parser.parse_args()
    summary = {"judge": "drms", "version": drms.__version__}
    try:
        main(addresses.cgi_url, addresses.download_url)
    except Disagreement as disagreement:
        print(json.dumps({**summary, "verdict": "failed", "why": str(disagreement)}))
        sys.exit(1)
    print(json.dumps({**summary, "verdict": "passed"}))
