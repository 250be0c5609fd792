"""Roof: the embedded server's configuration: analytics on a small machine, reached by its owner alone."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

_MB = 1 << 20


def configuration(socket_folder: Path) -> str:
    """The whole postgresql.conf; written at every start, so that it fits the machine and this version."""
    values = ((name, str(value).replace("'", "''")) for name, value in _values(socket_folder))
    lines = (f"{name} = '{value}'" for name, value in values)
    return "# Written at each start by Fixer Metrics.\n" + "\n".join(lines) + "\n"


def _values(socket_folder: Path) -> list[tuple[str, object]]:
    memory = psutil.virtual_memory().total
    return [
        ("listen_addresses", ""),
        ("port", 5432),
        ("unix_socket_directories", f'"{socket_folder}"'),
        ("unix_socket_permissions", "0700"),
        ("cluster_name", "fixer-metrics"),
        ("max_connections", 100),
        # Every partition and index of a long history takes a lock in one statement.
        ("max_locks_per_transaction", 512),
        ("shared_buffers", _megabytes(memory / 16, 128, 512)),
        ("effective_cache_size", _megabytes(memory / 2, 256, 65_536)),
        ("work_mem", _megabytes(memory / 128, 8, 64)),
        ("maintenance_work_mem", _megabytes(memory / 32, 64, 512)),
        ("dynamic_shared_memory_type", _dynamic_shared_memory()),
        ("random_page_cost", 1.1),
        ("jit", "off"),
        # Nobody replicates a demo: less log, and fewer checkpoints while a big file is imported.
        ("wal_level", "minimal"),
        ("max_wal_senders", 0),
        ("max_wal_size", "2GB"),
        ("checkpoint_timeout", "15min"),
        ("wal_compression", "on"),
        ("log_checkpoints", "off"),
        ("log_timezone", "UTC"),
        ("timezone", "UTC"),
        ("lc_messages", "C"),
        ("default_text_search_config", "pg_catalog.simple"),
    ]


def _megabytes(wanted: float, least: int, most: int) -> str:
    return f"{max(least, min(most, int(wanted / _MB)))}MB"


def _dynamic_shared_memory() -> str:
    """Files instead of /dev/shm where that is as small as containers make it (64 MB)."""
    try:
        shm = os.statvfs("/dev/shm")
    except OSError:
        return "posix"
    return "mmap" if shm.f_blocks * shm.f_frsize < 512 * _MB else "posix"
