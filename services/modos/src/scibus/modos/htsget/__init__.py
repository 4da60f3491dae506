"""GA4GH htsget 1.3: addresses, tickets, and the blocks that they name, as one checked stream.

`slicing` is the way in; it asks a `server` for `tickets`, fetches their `blocks`, and holds the result against what its
format says about beginning and `ending`.
"""
