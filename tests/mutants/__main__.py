"""`python -m tests.mutants [--sample N] [--seed N] [MODULE…]`: do the tests notice when the code is changed a little?

Each mutant changes one operator, bound, word or argument. One that no test notices shows a promise that no test
holds, or a change that means nothing; those stand in `explained.toml`, with the reason.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
from collections import Counter

from tests.mutants.area import AREAS, ROOT
from tests.mutants.explained import Explanations
from tests.mutants.tester import Verdict, copy_for, mutants_of, verdicts

_FOLDER = ROOT / ".venvs" / "mutants" / "trees"
_MEMORY_BYTES_MAX = 4 * 1024**3
"""A mutant that reads for ever does not take the machine's memory."""


def main() -> int:
    """Run a sample, or all; 1 if a mutant lives that is not explained, 2 if there was nothing to do."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("--sample", type=int, help="so many mutants, chosen by the seed (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "modules", nargs="*", help="files, or patterns such as eventstore/verify* (default: all)"
    )
    wish = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES_MAX, _MEMORY_BYTES_MAX))
    modules = {area: chosen for area in AREAS if (chosen := area.modules(wish.modules))}
    folders = {area: _FOLDER / area.folder.replace("/", "-") for area in modules}
    for area, chosen in modules.items():
        copy_for(folders[area], area, chosen)
    mutants = {area: mutants_of(folders[area], chosen) for area, chosen in modules.items()}
    every = [name for names in mutants.values() for name in names]
    sampled = set(every)
    if wish.sample is not None and wish.sample < len(every):
        sampled = set(random.Random(wish.seed).sample(every, wish.sample))
    print(f"{len(sampled)} of {len(every)} mutants", flush=True)
    found: list[Verdict] = []
    for area, chosen in modules.items():
        names = [name for name in mutants[area] if name in sampled]
        if not names:
            continue
        try:
            found += verdicts(folders[area], chosen, names)
        except subprocess.CalledProcessError as error:
            print(f"the tester stopped with {error.returncode}; what it said stands above", file=sys.stderr)
            return 2
    return told(found) if found else 2


def told(found: list[Verdict]) -> int:
    """Print the table and those that nobody explained; 1 if there are any."""
    explanations = Explanations()
    killed, expected, unexplained = Counter[str](), Counter[str](), Counter[str]()
    for verdict in found:
        if not verdict.lives:
            killed[verdict.change.module] += 1
        elif explanations.reason(verdict.change) is not None:
            expected[verdict.change.module] += 1
        else:
            unexplained[verdict.change.module] += 1
            where = f"{verdict.name} ({verdict.status})"
            print(f"\n{where}\n  - {verdict.change.was}\n  + {verdict.change.becomes}")
    print(f"\n{'module':<44}{'killed':>8}{'explained':>11}{'survived':>10}")
    for module in sorted({verdict.change.module for verdict in found}):
        print(f"{module:<44}{killed[module]:>8}{expected[module]:>11}{unexplained[module]:>10}")
    dead, alive, excused = killed.total(), unexplained.total(), expected.total()
    print(f"{'all':<44}{dead:>8}{excused:>11}{alive:>10}")
    if dead + alive:
        print(f"{dead / (dead + alive):.1%} of those that are not explained were killed")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
