// What Go programs on vishvananda/netlink do (Docker, skydive and ghostwire are built on it): enter, a handle of its own, lists, leave.
// Usage: netlinkgo scan|snapshot DIR (every file in DIR is a namespace)
//
//	scan      links and addresses, once to warm up and once timed; prints nanoseconds, links and addresses
//	snapshot  links, addresses, forwarding entries, neighbours and routes as one JSON document on stdout
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

type link struct {
	Kind  string
	Link  netlink.Link
	Addrs []netlink.Addr
}

type namespace struct {
	Path      string
	Links     []link
	Fdb       []netlink.Neigh
	Neighbors []netlink.Neigh
	Routes    []netlink.Route
}

func must(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "netlinkgo: %s: %v\n", what, err)
		os.Exit(1)
	}
}

func within(path string, home netns.NsHandle, do func(*netlink.Handle)) {
	ns, err := netns.GetFromPath(path)
	must(path, err)
	must("setns", netns.Set(ns))
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	must("socket", err)
	do(handle)
	handle.Delete()
	must("close", ns.Close())
	must("setns back", netns.Set(home))
}

func linksOf(handle *netlink.Handle) []link {
	links, err := handle.LinkList()
	must("links", err)
	addrs, err := handle.AddrList(nil, netlink.FAMILY_ALL)
	must("addresses", err)
	byIndex := map[int][]netlink.Addr{}
	for _, addr := range addrs {
		byIndex[addr.LinkIndex] = append(byIndex[addr.LinkIndex], addr)
	}
	result := make([]link, 0, len(links))
	for _, one := range links {
		result = append(result, link{one.Type(), one, byIndex[one.Attrs().Index]})
	}
	return result
}

func scan(paths []string, home netns.NsHandle) (links, addrs int) {
	for _, path := range paths {
		within(path, home, func(handle *netlink.Handle) {
			for _, one := range linksOf(handle) {
				links++
				addrs += len(one.Addrs)
			}
		})
	}
	return links, addrs
}

func snapshot(paths []string, home netns.NsHandle) []namespace {
	host := make([]namespace, 0, len(paths))
	for _, path := range paths {
		within(path, home, func(handle *netlink.Handle) {
			one := namespace{Path: path, Links: linksOf(handle)}
			var err error
			one.Fdb, err = handle.NeighList(0, unix.AF_BRIDGE)
			must("fdb", err)
			one.Neighbors, err = handle.NeighList(0, netlink.FAMILY_ALL)
			must("neighbours", err)
			filter := &netlink.Route{Table: unix.RT_TABLE_UNSPEC}
			one.Routes, err = handle.RouteListFiltered(netlink.FAMILY_ALL, filter, netlink.RT_FILTER_TABLE)
			must("routes", err)
			host = append(host, one)
		})
	}
	return host
}

func main() {
	if len(os.Args) != 3 {
		must("usage", fmt.Errorf("netlinkgo scan|snapshot DIR"))
	}
	paths, err := filepath.Glob(filepath.Join(os.Args[2], "*"))
	must("dir", err)
	// A thread that changes its namespace may do nothing else meanwhile.
	runtime.LockOSThread()
	home, err := netns.Get()
	must("own namespace", err)
	switch os.Args[1] {
	case "scan":
		scan(paths, home)
		started := time.Now()
		links, addrs := scan(paths, home)
		fmt.Println(time.Since(started).Nanoseconds(), links, addrs)
	case "snapshot":
		out := bufio.NewWriterSize(os.Stdout, 1<<16)
		must("json", json.NewEncoder(out).Encode(snapshot(paths, home)))
		must("write", out.Flush())
	default:
		must("usage", fmt.Errorf("there is no mode %s", os.Args[1]))
	}
}
