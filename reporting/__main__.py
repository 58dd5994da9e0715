"""``python -m reporting``: the command line for people without the script on their PATH."""

from reporting.cli import main

if __name__ == "__main__":
    main()
