"""Which jars make a Kafka broker, and where are they kept?

Law 1  The directory of jars exists only whole: they are fetched aside, and moved there at once when all have arrived.

Run as a program, `python -m streams.local.jars DIRECTORY` fetches them into that directory; coordinates behind it name other jars.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

#: The broker, and what it needs to log anything.
COORDINATES = ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36")


def kept_in(coordinates: Sequence[str] = COORDINATES) -> Path:
    """Return where the jars are kept, in the user's cache, whether they are there or not."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "relance" / "+".join(each.split(":", 1)[1].replace(":", "-") for each in coordinates)


def fetch(directory: Path, coordinates: Sequence[str] = COORDINATES) -> None:
    """Resolve the jars and all they need in Maven Central, check their sums, and put them into a directory.

    Warning: `jgo.build` would do it in one call, but downloads a whole JDK first where there is no Java.
    """
    import jgo.maven  # only here: all other starts do without it

    context = jgo.maven.MavenContext(repo_cache=directory / "repository")
    chosen, needed = context.resolver.resolve([context.create_dependency(each) for each in coordinates])
    for each in (*chosen, *(each for each in needed if each.scope in ("compile", "runtime"))):
        shutil.move(each.artifact.resolve(), directory)
    shutil.rmtree(directory / "repository")


if __name__ == "__main__":
    fetch(Path(sys.argv[1]), sys.argv[2:] or COORDINATES)
