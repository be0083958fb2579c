"""How long a step of a set-up may take, in seconds: a slow, busy machine needs several times what two idle cores do.

pytest's own limit counts a test's body alone (`timeout_func_only`), so that a step has all of its time, whichever test
comes first and pays for what others share.
"""

FETCH_S = 1200  # an engine's distribution, of up to 390 MB
BUILD_S = 1500  # Maven or Go's compiler: one to two minutes
BOOT_S = 400  # an engine's node or container: half a minute
START_S = 300  # a sidecar with its model: some seconds
TOOL_S = 300  # an engine's own tool, which starts a Java: some seconds
