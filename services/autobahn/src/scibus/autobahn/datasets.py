"""What a dataset is called on the wire, by the rules of the published client since its release 0.0.8."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from scibus.contracts.problems import InvalidRequest

STREAMQL = "streamql"
STREAMQL_PREFIX = "streamql-"
LONGEST_SLUG = 200
UNFIT = re.compile(r"[\s*>/\\\x00-\x1f\x7f]|^\$|^\.|\.\.|\.$", re.ASCII)
"""What would not name one subject and one stream: wildcards, empty words, the server's own subjects."""


@dataclass(frozen=True)
class Dataset:
    """A dataset of the MDB.

    Attributes:
        slug: its name as typed.
        subject: where its messages are.
        stream: which keeps them.
        scope: datasets of one scope share an account, a token and a connection.
        token_path: where the account server gives the token, below its base.
    """

    slug: str
    subject: str
    stream: str
    scope: str
    token_path: str

    @classmethod
    def named(cls, slug: str) -> "Dataset":
        """The dataset `slug`; whether it exists, only the MDB knows.

        Raises:
            InvalidRequest: that cannot be the name of one.
        """
        if not slug or len(slug) > LONGEST_SLUG or UNFIT.search(slug) or not slug.isprintable():
            raise InvalidRequest(
                f"a dataset's name has 1 to {LONGEST_SLUG} characters, no white space, none of * > / \\, "
                "no $ in front, and words between its dots"
            )
        lower = slug.lower()
        stream = lower.replace(".", "_")
        if slug.startswith(STREAMQL_PREFIX):
            return cls(slug, f"{STREAMQL}.{lower}.>", stream, STREAMQL, "/api/v1/streamql/jwt")
        return cls(slug, lower, stream, slug, f"/api/v1/user/jwt/{quote(slug, safe='')}")
