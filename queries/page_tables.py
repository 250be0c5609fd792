"""The tables of what a team keeps of its pages: saved views, and markers on the time charts."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Table, Text

from queries.schema import INSTANT, metadata, serial

# A page's URL under a name, for the whole team; at most one of them is the start page.
saved_view = Table(
    "saved_view",
    metadata,
    serial("view_id"),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("search", Text, nullable=False),
    Column("is_start", Boolean, nullable=False, server_default="false"),
    Column("created_at", INSTANT, nullable=False),
)

# What the team marked on its time charts ("prompt v12").
marker = Table(
    "marker",
    metadata,
    serial("marker_id"),
    Column("at", INSTANT, nullable=False),
    Column("label", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
)
