"""Roof: the HTTP API: the questions of the page as JSON, described in OpenAPI from the same records."""

from dashboard.api.routes import blueprint

__all__ = ["blueprint"]
