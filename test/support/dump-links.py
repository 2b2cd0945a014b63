#!/usr/bin/env python3
"""Prints every RTM_NEWLINK message of this network namespace, one per line, as hexadecimal digits."""

import socket
import struct
import sys

NETLINK_ROUTE, RTM_GETLINK, RTM_NEWLINK, NLMSG_ERROR, NLMSG_DONE = 0, 18, 16, 2, 3
NLM_F_REQUEST, NLM_F_DUMP, NLM_F_DUMP_INTR = 1, 0x300, 0x10

with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE) as netlink:
    netlink.bind((0, 0))
    netlink.send(struct.pack("=IHHIIBxHiII", 32, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0, 0, 0, 0, 0, 0))
    done = False
    while not done:
        datagram = netlink.recv(1 << 20)
        at = 0
        while at < len(datagram):
            length, kind, flags = struct.unpack_from("=IHH", datagram, at)
            if kind == NLMSG_ERROR or flags & NLM_F_DUMP_INTR:
                sys.exit("the dump failed or was interrupted")
            if kind == NLMSG_DONE:
                done = True
                break
            if kind == RTM_NEWLINK:
                print(datagram[at:at + length].hex())
            at += (length + 3) & ~3
