"""Which files belong to the checkout, and what does the code in them name?"""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("schemas", "streams", "senders")


@cache
def files() -> tuple[Path, ...]:
    """Return every file that Git would keep: none that .gitignore names, nothing of Git's own."""
    ignored = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()]
    return tuple(_walk(ROOT, [*ignored, ".git"]))


def texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file, by its path in the checkout."""
    for path in files():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@cache
def modules() -> dict[Path, ast.Module]:
    """Return the code that is installed, parsed, by its path in the checkout."""
    code = [path for path in files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]
    return {path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8")) for path in code}


def attributes(of: set[str], *, apart_from: str) -> set[str]:
    """Return every attribute that the code takes from something called one of `of`, in any module but one."""
    return {
        node.attr
        for path, module in modules().items()
        if path != Path(apart_from)
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and _name(node.value) in of
    }


def calls(method: str) -> Iterator[ast.Call]:
    """Yield every call of a method of this name."""
    for module in modules().values():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
                yield node


def _name(node: ast.expr) -> str:
    """Return what something is called, without what it belongs to: `metrics` of `self.metrics`."""
    return getattr(node, "attr", getattr(node, "id", ""))


def _walk(directory: Path, ignored: list[str]) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if any(fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from _walk(path, ignored)
        else:
            yield path
