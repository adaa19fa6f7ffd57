"""`python -m training`; see `training.command`."""

from training.command import main

if __name__ == "__main__":
    main()
