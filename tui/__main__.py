"""`python -m tui` is the `nightdesk` command."""

import sys

from tui.cli import main

sys.exit(main())
