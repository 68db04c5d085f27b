"""``python -m riskshare``."""

from riskshare.cli import main

if __name__ == "__main__":
    main()
