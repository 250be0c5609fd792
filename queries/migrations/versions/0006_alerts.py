"""Alerts: channels, rules, where they stand, episodes, history, what is to be sent, digests.

The statements are frozen: they say what this revision made, whatever the code has become since.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

ID = "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"


def upgrade() -> None:
    _rules()
    _history()
    _sending()


def _rules() -> None:
    op.execute(
        f"CREATE TABLE alert_channel (channel_id {ID}, name text NOT NULL CHECK (char_length(name) <= 100), "
        "sealed text NOT NULL, shown text NOT NULL, created_at timestamptz NOT NULL, deleted_at timestamptz)"
    )
    op.execute("CREATE UNIQUE INDEX alert_channel_name ON alert_channel (name) WHERE deleted_at IS NULL")
    op.execute(
        f"CREATE TABLE alert_rule (rule_id {ID}, name text NOT NULL CHECK (char_length(name) <= 100), "
        "definition jsonb NOT NULL, channels bigint[] NOT NULL, enabled boolean NOT NULL, "
        "condition_at timestamptz NOT NULL, created_at timestamptz NOT NULL, "
        "changed_at timestamptz NOT NULL, "
        "snoozed_until timestamptz, deleted_at timestamptz)"
    )
    op.execute(
        "CREATE TABLE alert_state (rule_id bigint PRIMARY KEY REFERENCES alert_rule, state text NOT NULL "
        "CHECK (state IN ('ok', 'pending', 'firing', 'resolved', 'no_data')), since timestamptz, "
        "clear_since timestamptz, evaluated_at timestamptz NOT NULL, value double precision, "
        "runs bigint NOT NULL, problem text NOT NULL DEFAULT '')"
    )


def _history() -> None:
    op.execute(
        f"CREATE TABLE alert_episode (episode_id {ID}, rule_id bigint NOT NULL REFERENCES alert_rule, "
        "name text NOT NULL, severity text NOT NULL, said text NOT NULL, began_at timestamptz NOT NULL, "
        "fired_at timestamptz NOT NULL, resolved_at timestamptz, value double precision, "
        "threshold double precision NOT NULL, told_at timestamptz, times_told integer NOT NULL DEFAULT 0, "
        "over_told boolean NOT NULL DEFAULT false)"
    )
    op.execute("CREATE UNIQUE INDEX alert_episode_open ON alert_episode (rule_id) WHERE resolved_at IS NULL")
    op.execute("CREATE INDEX alert_episode_fired_at ON alert_episode (fired_at)")
    op.execute(
        f"CREATE TABLE alert_event (event_id {ID}, rule_id bigint NOT NULL REFERENCES alert_rule, "
        "episode_id bigint REFERENCES alert_episode, at timestamptz NOT NULL, kind text NOT NULL, "
        "value double precision, runs bigint, note text NOT NULL DEFAULT '')"
    )
    op.execute("CREATE INDEX alert_event_at ON alert_event (at)")
    op.execute("CREATE INDEX alert_event_rule ON alert_event (rule_id, at)")


def _sending() -> None:
    op.execute(
        f"CREATE TABLE alert_delivery (delivery_id {ID}, key text NOT NULL UNIQUE, "
        "channel_id bigint NOT NULL REFERENCES alert_channel, kind text NOT NULL, subject text NOT NULL, "
        "body text NOT NULL, html text, state text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed')), "
        "attempts integer NOT NULL DEFAULT 0, created_at timestamptz NOT NULL, next_at timestamptz NOT NULL, "
        "finished_at timestamptz, problem text NOT NULL DEFAULT '')"
    )
    op.execute("CREATE INDEX alert_delivery_waiting ON alert_delivery (next_at) WHERE state = 'waiting'")
    op.execute("CREATE INDEX alert_delivery_created_at ON alert_delivery (created_at)")
    op.execute(
        f"CREATE TABLE alert_digest (digest_id {ID}, channels bigint[] NOT NULL, "
        "weekday integer NOT NULL CHECK (weekday BETWEEN 0 AND 6), "
        "hour integer NOT NULL CHECK (hour BETWEEN 0 AND 23), tz text NOT NULL, enabled boolean NOT NULL, "
        "created_at timestamptz NOT NULL, sent_for timestamptz, deleted_at timestamptz)"
    )
