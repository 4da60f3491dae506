"""What callers and workers share on the wire."""

from scibus.bus.later import import_nats

import_nats()
