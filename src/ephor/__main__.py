"""`python -m ephor`: the command line."""

from __future__ import annotations

from ephor.bootstrap import main

if __name__ == "__main__":
    main()
