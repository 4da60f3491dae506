"""Export requests: what is ordered, what becomes of it, and the files that come out."""
