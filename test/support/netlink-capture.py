#!/usr/bin/env python3
"""Asks the kernel of this network namespace and writes the answers, datagram by datagram, each after its length (u32, little endian).

usage: netlink-capture.py DIRECTORY NAME=HEX[@OFFSET:PATH]...
  NAME    the file becomes DIRECTORY/NAME.bin
  HEX     the request, a struct nlmsghdr and its payload
  OFFSET  where in the request the number of a file descriptor of PATH is put (s32, host order)
"""
import os
import socket
import struct
import sys

NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK, SOL_NETLINK = 11, 12, 270
NLMSG_ERROR, NLMSG_DONE, NLM_F_DUMP = 2, 3, 0x300


def ask(request):
    is_dump = struct.unpack_from("=H", request, 6)[0] & NLM_F_DUMP == NLM_F_DUMP
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.settimeout(5)
        sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        sock.setsockopt(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
        sock.bind((0, 0))
        sock.send(request)
        while True:
            datagram = sock.recv(1 << 20)
            yield datagram
            types = set()
            at = 0
            while at + 16 <= len(datagram):
                length, kind = struct.unpack_from("=IH", datagram, at)
                types.add(kind)
                at += (max(length, 16) + 3) & ~3
            if not is_dump or types & {NLMSG_ERROR, NLMSG_DONE}:
                return


def main():
    directory, *jobs = sys.argv[1:]
    for job in jobs:
        name, _, rest = job.partition("=")
        digits, _, place = rest.partition("@")
        request = bytearray.fromhex(digits)
        # A fixed sequence number; port 0 is filled in by the kernel.
        struct.pack_into("=I", request, 8, 1)
        if place:
            offset, _, path = place.partition(":")
            descriptor = os.open(path, os.O_RDONLY)
            struct.pack_into("=i", request, int(offset), descriptor)
        with open(os.path.join(directory, name + ".bin"), "wb") as out:
            for datagram in ask(bytes(request)):
                out.write(struct.pack("<I", len(datagram)) + datagram)


main()
