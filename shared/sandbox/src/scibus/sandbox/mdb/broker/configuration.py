"""How nats-server is told whom to trust and what to show."""

from __future__ import annotations

import json
from pathlib import Path

from scibus.sandbox.mdb.certificates import Certificates
from scibus.sandbox.mdb.identities.trust import Trust


def configuration(trust: Trust, certificates: Certificates, host: str, websocket_port: int, accounts: Path) -> str:
    """What `NatsServer` does not write itself; the server keeps the accounts it is told of in `accounts`."""
    certificate, key = (json.dumps(str(path)) for path in certificates.server)
    tls = f"tls {{ cert_file: {certificate}, key_file: {key}, timeout: 5 }}"
    system = trust.system
    return "\n".join(
        [
            f"host: {json.dumps(host)}",
            # A token for several datasets is longer than what a line of the protocol may usually be.
            "max_control_line: 64KB",
            f"operator: {trust.operator_token}",
            f"system_account: {system.key.name}",
            f"resolver {{ type: full, dir: {json.dumps(str(accounts))} }}",
            f"resolver_preload {{ {system.key.name}: {system.token} }}",
            tls,
            f"websocket {{ host: {json.dumps(host)}, port: {websocket_port}, {tls} }}",
        ]
    )
