"""Client: sends the runs of an agent to Fixer Metrics, and never stands in the agent's way.

    from fixer_client import Client

    client = Client("http://127.0.0.1:8050", agent="fixer", agent_version="2.5.0")

    with client.run(model="claude-3-opus", repository="a/b") as run:
        run.llm_call(input_tokens=9100, output_tokens=640, cost_usd=0.118)
        run.tool("bash")

It stands alone: it needs the standard library, and nothing of Fixer Metrics, which needs nothing of it.
"""

from fixer_client.client import Client
from fixer_client.run import Run, current_run

__all__ = ["Client", "Run", "current_run"]
