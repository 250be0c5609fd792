"""Roof: who may see: where requests come from, how people are known, what their role allows."""
