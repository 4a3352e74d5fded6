"""``python -m interbrain``: the command line."""

from interbrain.app.cli import main

if __name__ == "__main__":
    main()
