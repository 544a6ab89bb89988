# SPDX-License-Identifier: GPL-2.0-only
"""Patches out of a git tree: a range of commits, one commit, or what is not committed.

Nothing is written to the tree: what is not committed is read through an index and
objects of our own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from retrap.base.errors import EXIT_PATCH, RetrapError
from retrap.base.progress import say
from retrap.kernel import given
from retrap.kernel.given import Given
from retrap.kernel.given_files import AS_IS

MOST = 32  # commits: each is a kernel
# The user's git configuration does not shape what we read.
PLAIN = (
    *("-c", "diff.noprefix=false", "-c", "diff.mnemonicPrefix=false"),
    *("-c", "diff.external=", "-c", "core.fsmonitor=false", "-c", "color.ui=never"),
    *("-c", "versionsort.suffix=-rc"),
)
DIFF = (
    *("--src-prefix=a/", "--dst-prefix=b/"),
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
)
CANDIDATE = re.compile(r"\d-rc\d")
SOURCES = re.compile(r"(\.[chS]|/Kconfig\S*|/Makefile|/Kbuild)$")


@dataclass(frozen=True)
class FromTree:
    """`base`: the commit that the patches are on top of."""

    base: str
    patches: list[Given]


@dataclass(frozen=True)
class Tree:
    """A git tree of the user's: bare, shallow, a worktree, or a folder in one."""

    path: Path

    def read(self, words: list[str], squash: bool, scratch: Path) -> FromTree:
        """`words`: as of `git rev-parse`, one commit or a range; none: what is not
        committed. `squash`: one patch of all commits. `scratch`: an empty folder.
        Errors: EXIT_PATCH, in the words of git."""
        if not words:
            return self._uncommitted(scratch)
        base, tip = self.ends(words)
        commits = self.git("rev-list", f"{base}..{tip}").split()
        if not commits:
            what = f"{self.path}: {' '.join(words)} holds no commit"
            raise RetrapError(what, "name a range, as v6.12..my-branch", EXIT_PATCH)
        merges = self.git("rev-list", "--merges", f"{base}..{tip}").split()
        if merges and not squash:
            say(f"{' '.join(words)} holds merges: its commits are measured as one")
        if not squash and not merges and len(commits) > MOST:
            what = f"{self.path}: {' '.join(words)} holds {len(commits)} commits"
            hint = f"at most {MOST} are measured one by one: --squash, or a part"
            raise RetrapError(what, hint, EXIT_PATCH)
        if squash or merges:
            text = self.git("diff", *DIFF, base, tip)
            title = f"{' '.join(words)}: {len(commits)} commits"
            return FromTree(base, [self._checked(title, text)])
        mbox = scratch / "range.mbx"
        form = (*DIFF, "--stdout", "--no-signature", "--no-attach")
        mails = self.git("format-patch", *form, f"{base}..{tip}")
        mbox.write_bytes(mails.encode(errors=AS_IS))
        (scratch / "range").mkdir()
        found = given.read([str(mbox)], scratch / "range")
        return FromTree(base, [replace(patch, file="") for patch in found])

    def tags(self, words: list[str]) -> list[str]:
        """Of a range: the tags of releases in it, its two ends too, oldest first;
        release candidates where an end names one. Errors: EXIT_PATCH."""
        base, tip = self.ends(words)
        order = ("--sort=version:refname", "--contains", base, "--merged", tip)
        found = self.git("tag", "--list", "v[0-9]*", *order).split()
        if not CANDIDATE.search(" ".join(words)):
            found = [tag for tag in found if not CANDIDATE.search(tag)]
        if len(found) < 2:
            what = f"{self.path}: {' '.join(words)} holds {len(found)} tags of releases"
            raise RetrapError(what, "name a range, as v6.12..v6.18", EXIT_PATCH)
        return found

    def ends(self, words: list[str]) -> tuple[str, str]:
        """Of what the words name: the commit below, and the last one. Errors:
        EXIT_PATCH, in the words of git."""
        self._refuse_files(words)
        said = self.git("rev-parse", *words).split()
        named = [word for word in said if re.fullmatch(r"\^?[0-9a-f]{40,64}", word)]
        after = [each for each in named if not each.startswith("^")]
        below = [each[1:] for each in named if each.startswith("^")]
        if not after:
            what = f"{self.path}: {' '.join(words)} names no commit"
            raise RetrapError(what, "name a range, as v6.12..my-branch", EXIT_PATCH)
        parted = len(words) == 1 and "..." in words[0]  # A...B: git names both
        if len(set(after)) > 1 and not parted:
            what = f"{self.path}: {' '.join(words)} names {len(after)} commits"
            hint = "name one, or a range from one to the other, as A..B"
            raise RetrapError(what, hint, EXIT_PATCH)
        tip = self._commit(after[0])
        if not below:
            return self._commit(f"{tip}^"), tip
        start = self._commit(below[0])
        if len(below) == 1 and len(after) == 1:
            shared = self.git("merge-base", start, tip).strip()
            if shared != start:
                say(f"the range begins at {shared[:12]}, where the branches part")
            return shared, tip
        return start, tip  # A...B: git names the commit where they part

    def _refuse_files(self, words: list[str]) -> None:
        """Of a tree commits are measured, and patches are of a variant."""
        for word in words:
            if (word == "-" or Path(word).exists()) and not self._has(word):
                what = f"{word} is no commit of {self.path}, and --tree takes commits"
                hint = (
                    "a patch on that tree takes a table of it (tree = DIR) in a copy "
                    f"of configs/variants.toml: ./retrap try {word} --base TABLE "
                    "--variants COPY"
                )
                raise RetrapError(what, hint, EXIT_PATCH)

    def _has(self, name: str) -> bool:
        try:
            return bool(self._commit(name))
        except RetrapError:
            return False

    def top(self) -> Path:
        """Where git clones it from: of a folder the tree around it, of a bare one its
        git directory. Errors: EXIT_PATCH."""
        inside = self.git("rev-parse", "--is-inside-work-tree").strip() == "true"
        word = "--show-toplevel" if inside else "--absolute-git-dir"
        return Path(self.git("rev-parse", word).rstrip("\n"))

    def _commit(self, name: str) -> str:
        return self.git("rev-parse", "--verify", f"{name}^{{commit}}").strip()

    def _uncommitted(self, scratch: Path) -> FromTree:
        self.git("rev-parse", "HEAD", owned=True)
        base = self._commit("HEAD")
        where = Path(self.git("rev-parse", "--absolute-git-dir").strip())
        top = self.git("rev-parse", "--show-toplevel").strip()
        objects = self.git("rev-parse", "--git-path", "objects").strip()
        index = Path(self.git("rev-parse", "--git-path", "index").strip())
        (scratch / "objects").mkdir()
        ours = {
            "GIT_INDEX_FILE": str(scratch / "index"),
            "GIT_OBJECT_DIRECTORY": str(scratch / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str((self.path / objects).resolve()),
            "GIT_DIR": str(where),
            "GIT_WORK_TREE": top,
        }
        if (self.path / index).is_file():
            shutil.copyfile(self.path / index, scratch / "index")
        new = self.git("ls-files", "-z", "--others", "--exclude-standard", env=ours)
        files = [name for name in new.split("\0") if SOURCES.search(name)]
        self.git("add", "--update", env=ours)
        if files:
            self.git("add", "--", *files, env=ours)
            say(f"not yet known to git, and in it: {', '.join(files[:4])}")
        words = ("diff", *DIFF, "--cached", "HEAD")
        text = self.git(*words, env=ours)
        if not text:
            what = f"{self.path}: nothing differs from HEAD"
            hint = "name a range, as HEAD~3.. or v6.12..my-branch"
            raise RetrapError(what, hint, EXIT_PATCH)
        title = f"the work tree of {self.path}, not committed"
        return FromTree(base, [self._checked(title, text)])

    def _checked(self, title: str, text: str) -> Given:
        if not text:
            what = f"{self.path}: {title}: changes nothing"
            raise RetrapError(what, "name another range", EXIT_PATCH)
        return given.checked(title, "", f"Subject: {title}\n\n", text)

    def git(
        self, *words: str, env: dict[str, str] | None = None, owned: bool = False
    ) -> str:
        """What git says there. `owned`: it refuses the tree of another user. Errors:
        EXIT_PATCH, in its words."""
        # Of commits git runs nothing that the tree's own settings name; what is not
        # committed it reads of trees alone that are the user's.
        anyone = () if owned else ("-c", "safe.directory=*")
        argv = ["git", "--no-pager", *PLAIN, *anyone, *words]
        known = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", **(env or {})}
        at = Path(env["GIT_WORK_TREE"]) if env else self.path
        try:
            done = subprocess.run(argv, cwd=at, env=known, capture_output=True)
        except OSError as error:
            what = f"{self.path}: {error.strerror}"
            raise RetrapError(what, "name a git tree of Linux", EXIT_PATCH) from None
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            what = f"{self.path}: git {words[0]}: {said[0] if said else 'failed'}"
            hint = "name a git tree, and commits that it has"
            raise RetrapError(what, hint, EXIT_PATCH)
        return done.stdout.decode(errors=AS_IS)
