"""Can this Redis be trusted with the suppression table?

It must neither forget, nor evict, nor lag behind: a purchase that is gone from the table is a wrong message.
"""

from collections.abc import Mapping

OLDEST = 7


def unfit(info: Mapping[str, object]) -> str | None:
    """Return why a server must not hold the table, and what to do; None if it may. `info` is the answer to INFO."""
    version = str(info.get("valkey_version", info.get("redis_version")))
    if int(version.split(".")[0]) < OLDEST:
        return f"Redis {version} is too old for the suppression table: install Redis or Valkey {OLDEST} or newer."
    if info.get("cluster_enabled"):
        return "This Redis is a cluster, and the table needs one primary: point RELANCE_REDIS_URL at one that is not."
    if info.get("role") != "master":
        return "This Redis is a replica, which may lag behind: point RELANCE_REDIS_URL at the primary."
    if (policy := info.get("maxmemory_policy")) != "noeviction":
        return f"This Redis may drop purchases (maxmemory-policy {policy}): set `maxmemory-policy noeviction`."
    if not info.get("aof_enabled"):
        return "This Redis forgets purchases when it restarts: set `appendonly yes`."
    return None
