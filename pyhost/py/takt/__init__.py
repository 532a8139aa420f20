# SPDX-License-Identifier: Apache-2.0
"""What runs the script of a Python task, in its child process. Scripts need to import nothing of this."""
