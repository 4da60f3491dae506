"""A worker that cannot start, and says why."""

import sys

if __name__ == "__main__":
    sys.exit("SCIBUS_REFUSING_PASSWORD must be a number")
