# SPDX-License-Identifier: GPL-2.0-only
"""`retrap conform` and `retrap mutate`: what they do with their arguments."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from retrap.base import arch
from retrap.base.errors import EXIT_FAILURE, EXIT_OK, EXIT_USAGE, RetrapError
from retrap.base.rawfile import read_text
from retrap.build.packages import ensure, guests
from retrap.config.variants import load_variants, named


def conform(args: Namespace) -> int:
    from retrap.rules import conform as work
    from retrap.rules import docs_tables, rulebook, ruletable

    ensure("config")
    path = args.stored
    if path is None:
        variants = load_variants(args.variants)
        options = work.Options(
            work.choose(args.kernels, variants),
            arch.asked(args.arch),
            args.count,
            args.cpus,
            args.results,
            args.sweep,
        )
        rules = rulebook.load()
        booted = named(options.kernels, variants)
        ensure("terminal", *guests(options.arches, booted))
        path = work.run(options, variants, rules)
    record = work.load(path)
    if args.tap or args.json:
        name = "conform.tap" if args.tap else "conform.json"
        print(read_text(path / name, work.FROM), end="")
    else:
        _show_table(path, ruletable.counts(record), args.full)
    if args.write_docs:
        docs_tables.publish(docs_tables.kind_of(record), path)
        docs_tables.write()
    return EXIT_FAILURE if record["surprises"] else EXIT_OK


def _show_table(path: Path, rows: list[str], full: bool) -> None:
    """All of table.txt; or how it was run, `rows`, its last paragraph."""
    text = read_text(path / "table.txt", "repeat the command that filled it")
    if full:
        print(text, end="")
        return
    head, tail = text.split("\n")[0], text.rstrip().split("\n\n")[-1]
    print("\n".join([head, "", *rows, *([""] if rows else []), tail]))
    print(f"table     {path}/table.txt (--full prints it)")


def mutate(args: Namespace) -> int:
    from retrap.rules import mutate as work
    from retrap.rules import docs_tables, mutanttable, mutations

    ensure("config")
    where = arch.asked(args.arch)
    if len(where) > 1:
        raise RetrapError(
            f"--arch {args.arch}: the mutants are booted on one",
            "run it once for each",
            EXIT_USAGE,
        )
    chosen = mutations.choose(args.names, mutations.load(), where[0])
    if args.list:
        for mutation in chosen:
            rules = ", ".join(mutation.rules)
            print(f"{mutation.name} ({mutation.design}: {rules})")
            print(f"    {mutation.breaks}")
        return EXIT_OK
    path = args.stored
    if path is None:
        variants = load_variants(args.variants)
        names = [work.kernel_name(mutation, variants) for mutation in chosen]
        booted = named(names, variants)
        ensure("terminal", *guests(where, booted))
        path = work.run(chosen, variants, where[0], args.results)
    record = mutanttable.load(path)
    if args.json:
        print(read_text(path / "mutate.json", mutanttable.FROM), end="")
    else:
        _show_table(path, mutanttable.unlike(record), args.full)
    if args.write_docs:
        docs_tables.publish("mutate", path)
        docs_tables.write()
    return EXIT_FAILURE if mutanttable.survivors(record) else EXIT_OK
