"""Asks each external link of the README and the pages, once: `make links`. What does not answer is named."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from tests.site_pages import ROOT, links, pages


def fault(address: str) -> str | None:
    request = urllib.request.Request(address, headers={"User-Agent": "gitops-mcp docs"})  # noqa: S310  # only https
    try:
        with urllib.request.urlopen(request, timeout=20):  # noqa: S310  # only https
            return None
    except (urllib.error.URLError, TimeoutError) as error:
        return str(error)


def main() -> int:
    places: dict[str, str] = {}
    for page in pages():
        for line, address in links(page.read_text()):
            if address.startswith("https://"):
                places.setdefault(address.partition("#")[0], f"{page.relative_to(ROOT)}:{line}")
    with ThreadPoolExecutor(8) as pool:
        faults = dict(zip(places, pool.map(fault, places), strict=True))
    broken = [f"{places[address]}: {address}: {said}" for address, said in faults.items() if said]
    sys.stdout.write("".join(f"{one}\n" for one in broken) or f"{len(places)} links answer\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
