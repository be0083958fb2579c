"""`python -m lastly`: the same as the command `lastly`."""

import sys

from lastly.cli import main

sys.exit(main())
