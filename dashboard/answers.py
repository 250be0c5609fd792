"""Roof: where answers are kept: on disk for all processes of a machine, or in Redis for several machines."""

from __future__ import annotations

from typing import Any

import redis
from flask import Flask
from flask_caching import Cache

from dashboard.config import Settings
from dashboard.folders import make_folder
from dashboard.housekeeping import KEEP_ANSWERS
from dashboard.setting import masked_address
from queries.cache import AnswerCache, Flight, RedisFlight
from queries.errors import UserError

SECONDS = int(KEEP_ANSWERS)


def answer_cache(server: Flask, settings: Settings) -> AnswerCache:
    if not settings.cache:
        return AnswerCache(_cache(server, CACHE_TYPE="NullCache", CACHE_NO_NULL_WARNING=True), None, SECONDS)
    if settings.redis_url:
        backend = _cache(server, CACHE_TYPE="RedisCache", CACHE_REDIS_URL=settings.redis_url)
        return AnswerCache(backend, RedisFlight(redis.from_url(settings.redis_url)), SECONDS)
    # Answers are pickled: whoever could write here could run code in the server.
    folder = make_folder(settings.data / "cache", mode=0o700)
    folder.chmod(0o700)
    backend = _cache(
        server, CACHE_TYPE="FileSystemCache", CACHE_DIR=str(folder / "answers"), CACHE_THRESHOLD=0
    )
    return AnswerCache(backend, Flight(folder / "flight"), SECONDS)


def _cache(server: Flask, **config: Any) -> Cache:
    return Cache(server, config={"CACHE_DEFAULT_TIMEOUT": SECONDS, **config})


def check_redis(settings: Settings) -> None:
    """UserError with what to do where REDIS_URL is set and nobody answers there."""
    if not settings.redis_url:
        return
    try:
        with redis.from_url(settings.redis_url, socket_connect_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        raise UserError(
            f"The Redis {masked_address(settings.redis_url)} (REDIS_URL, from "
            f"{settings.sources.get('REDIS_URL', 'environment')}) cannot be reached: {error}\n"
            "Start it or correct the address; or leave REDIS_URL empty to keep answers on the disk."
        ) from error
