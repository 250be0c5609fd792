"""The tables of alerts, beside those of queries.schema: rules, where they stand, what they told, and to whom.

``alert_delivery`` is an outbox: the transaction that moves an alert also writes what is to be sent, once by
``key``, and a sender takes it from there.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from queries.schema import INSTANT, metadata, serial

# Where messages go. ``sealed``: its address, encrypted; ``shown``: what of it may be read.
channel = Table(
    "alert_channel",
    metadata,
    serial("channel_id"),
    Column("name", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("deleted_at", INSTANT),
)

# ``definition``: the fields of the rule as the API takes them. ``condition_at``: since when it watches for
# what it watches for. A rule that is deleted stays, for its history.
rule = Table(
    "alert_rule",
    metadata,
    serial("rule_id"),
    Column("name", Text, nullable=False),
    Column("definition", JSONB, nullable=False),
    Column("channels", ARRAY(BigInteger), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("condition_at", INSTANT, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("changed_at", INSTANT, nullable=False),
    Column("snoozed_until", INSTANT),
    Column("deleted_at", INSTANT),
)

# One row a rule: where it stands after the evaluation of ``evaluated_at``. ``problem``: why the last
# evaluation came to nothing.
state = Table(
    "alert_state",
    metadata,
    Column("rule_id", BigInteger, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", INSTANT),
    Column("clear_since", INSTANT),
    Column("evaluated_at", INSTANT, nullable=False),
    Column("value", Double),
    Column("runs", BigInteger, nullable=False),
    Column("problem", Text, nullable=False, server_default=""),
)

# From firing to resolved. ``told_at``: when that it fires was told last; ``over_told``: that it is over, too.
episode = Table(
    "alert_episode",
    metadata,
    serial("episode_id"),
    Column("rule_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("said", Text, nullable=False),
    Column("began_at", INSTANT, nullable=False),
    Column("fired_at", INSTANT, nullable=False),
    Column("resolved_at", INSTANT),
    Column("value", Double),
    Column("threshold", Double, nullable=False),
    Column("told_at", INSTANT),
    Column("times_told", Integer, nullable=False, server_default="0"),
    Column("over_told", Boolean, nullable=False, server_default="false"),
)

# What happened to a rule, once an instant and kind: the history.
event = Table(
    "alert_event",
    metadata,
    serial("event_id"),
    Column("rule_id", BigInteger, nullable=False),
    Column("episode_id", BigInteger),
    Column("at", INSTANT, nullable=False),
    Column("kind", Text, nullable=False),
    Column("value", Double),
    Column("runs", BigInteger),
    Column("note", Text, nullable=False, server_default=""),
)

delivery = Table(
    "alert_delivery",
    metadata,
    serial("delivery_id"),
    Column("key", Text, nullable=False),
    Column("channel_id", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("html", Text),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", INSTANT, nullable=False),
    Column("next_at", INSTANT, nullable=False),
    Column("finished_at", INSTANT),
    Column("problem", Text, nullable=False, server_default=""),
)

# A digest is sent for each week once: ``sent_for`` is the instant it was due.
digest = Table(
    "alert_digest",
    metadata,
    serial("digest_id"),
    Column("channels", ARRAY(BigInteger), nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("tz", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("created_at", INSTANT, nullable=False),
    Column("sent_for", INSTANT),
    Column("deleted_at", INSTANT),
)
