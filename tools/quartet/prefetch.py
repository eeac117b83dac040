"""
What a whole run of the tests wants from the network, fetched while the first tests run: on a new machine the
Debian image alone takes minutes, and most of them are waiting.
"""

import threading

import debian
import linux_machine
import packages
import v86
from common import Failure


def fetch_all():
    """In the order in which it is asked for. What cannot be had, its user will say."""
    for fetch in (lambda: packages.fetch('busybox-static'), linux_machine.kernel, v86.v86_folder,
                  lambda: packages.fetch('musl-dev'), debian.stock_image):
        try:
            fetch()
        except (Failure, OSError):
            pass


def begin():
    """In the background; who needs one of them meanwhile waits for the cache's lock."""
    threading.Thread(target=fetch_all).start()
