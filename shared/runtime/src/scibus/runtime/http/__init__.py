"""HTTP with backends: what is asked is timed, traced, bounded and refused in the same words by every worker."""

from scibus.runtime.http.calls import HttpCalls, Observe, unobserved

__all__ = ["HttpCalls", "Observe", "unobserved"]
