# What a short script with pyroute2 does: enter, one IPRoute, links and addresses, leave. Prints seconds and links.
import os
import sys
import time

from pyroute2 import IPRoute, netns

links = 0
started = time.perf_counter()
for name in os.listdir(sys.argv[1]):
    netns.pushns(os.path.join(sys.argv[1], name))
    with IPRoute() as route:
        links += len(list(route.get_links()))
        list(route.get_addr())
    netns.popns()
print(time.perf_counter() - started, links)
