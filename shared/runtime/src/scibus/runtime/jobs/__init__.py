"""Durable jobs: done once, whatever dies.

A job's way: `puller` → `endpoint` → `claims` (whose is it?) → `attempts` (run the handler) → `endings`.
`heart` keeps it alive meanwhile, `turns` and `waiting` make it wait for the backend, `cancelling` ends it early.
"""
