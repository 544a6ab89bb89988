# SPDX-License-Identifier: GPL-2.0-only
"""One retrap-bench that loads no library, for machines that have neither ours nor a
compiler.

Debian packages Google Benchmark as a shared library alone, so its source package is
fetched, by apt with a state of its own, and compiled once into the cache.
"""

from __future__ import annotations

import os
from pathlib import Path

from retrap.base.arch import Arch
from retrap.base.cache import locked, partial, publish, subdirectory
from retrap.base.errors import EXIT_BUILD, EXIT_PACKAGES, RetrapError
from retrap.base.process import capture, run_logged
from retrap.base.progress import Progress
from retrap.base.usage import hold
from retrap.build import sysroot, toolchain
from retrap.build.programs import MEASURING, Programs, build
from retrap.base.paths import ROOT

SOURCE = "benchmark"  # Debian's name of Google Benchmark
APT_CONF = """\
APT::Sandbox::User "root";
Dir::State "{state}";
Dir::State::status "{state}/status";
Dir::Cache "{state}/cache";
Dir::Etc::SourceList "{state}/sources.list";
Dir::Etc::SourceParts "/dev/null";
"""


def programs(progress: Progress, arch: Arch) -> Programs:
    """retrap-bench and what it executes, linked statically. Errors: EXIT_PACKAGES,
    EXIT_BUILD."""
    library = ensure_library(progress, arch)
    option = f"-DRETRAP_STATIC_BENCHMARK={library}"
    return build(progress, *MEASURING, preset="static", arch=arch, options=[option])


def ensure_library(progress: Progress, arch: Arch) -> Path:
    """libbenchmark.a of the distribution's version."""
    directory = subdirectory("static") / arch.name
    library = directory / "libbenchmark.a"
    if hold(directory):
        return library
    with progress.task(f"Google Benchmark, static ({arch.name})") as task, locked(
        subdirectory("static"), task
    ):
        if hold(directory):
            return library
        log = subdirectory("logs") / f"benchmark-{arch.name}.log"
        log.unlink(missing_ok=True)
        work = partial(directory)
        task.update("fetches its source")
        source = _source(work / "apt", log)
        task.update("compiles")
        _compile(source, work, arch, progress, log)
        publish(work, directory)
        hold(directory)
    return library


def _source(state: Path, log: Path) -> Path:
    """The unpacked source package, of where this system's packages are from."""
    (state / "lists/partial").mkdir(parents=True)
    (state / "cache/archives/partial").mkdir(parents=True)
    (state / "status").touch()
    form = "deb-src $(SITE) $(RELEASE) $(COMPONENT)"
    argv = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    lines = sorted(set((capture(argv) or "").splitlines()))
    (state / "sources.list").write_text("".join(f"{line}\n" for line in lines))
    config = state / "apt.conf"
    config.write_text(APT_CONF.format(state=state))
    env = {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}
    for words in (["update"], ["source", "-q", SOURCE]):
        if run_logged(["apt-get", *words], log, cwd=state, env=env) != 0:
            raise _failed(f"apt-get {words[0]} of the source package {SOURCE}", log)
    found = [path for path in state.glob(f"{SOURCE}-*") if path.is_dir()]
    if len(found) != 1:
        raise _failed(f"unpacking {SOURCE}", log)
    return found[0]


def _compile(
    source: Path, work: Path, arch: Arch, progress: Progress, log: Path
) -> None:
    options = ["-DCMAKE_BUILD_TYPE=Release", "-DBUILD_SHARED_LIBS=OFF"]
    options += [f"-DBENCHMARK_ENABLE_{name}=OFF" for name in ("TESTING", "GTEST_TESTS")]
    version = source.name.rpartition("-")[2]
    options += ["-DBENCHMARK_ENABLE_WERROR=OFF", f"-DGIT_VERSION={version}"]
    if arch.cross:
        options += [
            f"-DCMAKE_TOOLCHAIN_FILE={ROOT}/cmake/cross-{arch.name}.cmake",
            f"-DRETRAP_SYSROOT={sysroot.ensure(arch, progress)}",
        ]
    tree = work / "build"
    for argv in (
        ["cmake", "-G", "Ninja", "-S", str(source), "-B", str(tree), *options],
        ["cmake", "--build", str(tree), "--target", "benchmark"],
    ):
        if run_logged(argv, log, env=toolchain.environment()) != 0:
            raise _failed(" ".join(argv[:2]), log, EXIT_BUILD)
    (tree / "src/libbenchmark.a").rename(work / "libbenchmark.a")


def _failed(what: str, log: Path, code: int = EXIT_PACKAGES) -> RetrapError:
    tail = "\n  ".join(log.read_text(errors="replace").splitlines()[-6:])
    remedy = f"the sources of /etc/apt must offer it; the whole log is {log}"
    return RetrapError(f"{what} failed:\n  {tail}", remedy, code)
