# SPDX-License-Identifier: GPL-2.0-only
"""Programs of this machine's distribution for a guest, where they are here.

Shared libraries are not named: the initramfs brings those that a program needs.
"""

from __future__ import annotations

from pathlib import Path

from retrap.base.errors import EXIT_GUEST, RetrapError
from retrap.base.process import capture

PYTHON = "/usr/bin/python3"
# Where Debian keeps the Python files of the interpreter and of gdb.
_PYTHON_FILES = ("/usr/lib/python3", "/usr/share/gdb/")
_LOADED = (
    "import sys; print('\\n'.join("
    "getattr(m, '__file__', None) or '' for m in sys.modules.values()))"
)


def program(path: str, package: str) -> dict[str, Path]:
    """One program, under its own name."""
    real = Path(path).resolve()
    if not real.is_file():
        raise RetrapError(
            f"{path}: not found, a guest needs it",
            f"install {package}, as ./retrap packages all does",
            EXIT_GUEST,
        )
    return {path: real}


def python(*modules: str) -> dict[str, Path]:
    """The interpreter and the files of its standard library that `import
    modules` loads: a hundred instead of ten thousand."""
    code = f"import {', '.join(modules)}\n{_LOADED}"
    return program(PYTHON, "python3") | _loaded([PYTHON, "-I", "-S", "-c", code])


def gdb() -> dict[str, Path]:
    """gdb, its own Python files, and the thread library it loads by name."""
    argv = ["/usr/bin/gdb", "-nx", "-batch", "-ex", f"python {_LOADED}"]
    threads = next(Path("/usr/lib").glob("*/libthread_db.so.1"), None)
    library = {f"/lib/{threads.name}": threads.resolve()} if threads else {}
    return program("/usr/bin/gdb", "gdb") | _loaded(argv) | library


def _loaded(argv: list[str]) -> dict[str, Path]:
    """The Python files that a program says it has loaded."""
    text = capture(argv)
    names = [
        line for line in (text or "").splitlines() if line.endswith((".py", ".so"))
    ]
    found = {n: Path(n).resolve() for n in names if n.startswith(_PYTHON_FILES)}
    if not found:
        raise RetrapError(
            f"{argv[0]} does not say which Python files it loads",
            f"run: {' '.join(argv[:3])}",
            EXIT_GUEST,
        )
    return found
