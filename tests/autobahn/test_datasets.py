"""What datasets are called on the wire."""

import pytest

from scibus.autobahn.datasets import Dataset
from scibus.contracts.problems import InvalidRequest


@pytest.mark.parametrize(
    ("slug", "subject", "stream", "scope", "token_path"),
    [
        ("weather", "weather", "weather", "weather", "/api/v1/user/jwt/weather"),
        (
            "Orbit.Ephemeris",
            "orbit.ephemeris",
            "orbit_ephemeris",
            "Orbit.Ephemeris",
            "/api/v1/user/jwt/Orbit.Ephemeris",
        ),
        ("a+b?c=d#e", "a+b?c=d#e", "a+b?c=d#e", "a+b?c=d#e", "/api/v1/user/jwt/a%2Bb%3Fc%3Dd%23e"),
        ("météo", "météo", "météo", "météo", "/api/v1/user/jwt/m%C3%A9t%C3%A9o"),
        ("streamql-Q1", "streamql.streamql-q1.>", "streamql-q1", "streamql", "/api/v1/streamql/jwt"),
        ("streamql", "streamql", "streamql", "streamql", "/api/v1/user/jwt/streamql"),
    ],
)
def test_a_slug_leads_to_a_subject_a_stream_and_a_token(slug, subject, stream, scope, token_path):
    assert Dataset.named(slug) == Dataset(slug, subject, stream, scope, token_path)


@pytest.mark.parametrize(
    "slug",
    ["", " ", "a b", "a\nb", "a\x00", "\u3000", "*", "a.>", ".a", "a.", "a..b", "..", "a/b", "a\\b", "$SYS", "x" * 201],
)
def test_what_cannot_be_a_slug_is_refused(slug):
    with pytest.raises(InvalidRequest, match="a dataset's name"):
        Dataset.named(slug)
