"""`python -m justright`."""

from justright.cli.main import main

main()
