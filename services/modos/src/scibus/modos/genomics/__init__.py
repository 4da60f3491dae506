"""Records of genome files, read and written by htslib in threads of their own, in bounded memory.

`records` is the way in. What htslib reads and writes passes through `pipes`, so that neither side
runs ahead of the other.
"""
