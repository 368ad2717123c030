// SPDX-License-Identifier: Apache-2.0

// Says what a program may do where it runs: who it is, its capabilities, whether it can gain privileges, whether a filter
// of system calls is in place. Each argument is a folder to write to, or ":PORT" to listen on.
package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	fmt.Printf("user %d:%d\n", os.Getuid(), os.Getgid())
	status, err := os.Open("/proc/self/status")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lines := bufio.NewScanner(status)
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ":")
		switch name {
		case "CapEff", "CapBnd", "NoNewPrivs", "Seccomp":
			fmt.Println(name, strings.TrimSpace(value))
		}
	}
	var root syscall.Statfs_t
	if err := syscall.Statfs("/", &root); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("root read-only", root.Flags&syscall.MS_RDONLY != 0)
	for _, argument := range os.Args[1:] {
		if strings.HasPrefix(argument, ":") {
			listener, err := net.Listen("tcp", argument)
			if err == nil {
				listener.Close()
			}
			fmt.Println("listens", argument, err == nil)
			continue
		}
		file := filepath.Join(argument, "probe")
		err := os.WriteFile(file, []byte("x"), 0o600)
		if err == nil {
			os.Remove(file)
		}
		fmt.Println("writes", argument, err == nil)
	}
	if message := os.Getenv("STATUS"); message != "" {
		os.Exit(len(message))
	}
}
