// SPDX-License-Identifier: Apache-2.0

// Says what a program may do where it runs: who it is, its capabilities, whether it can gain privileges, whether a filter
// of system calls is in place. Each argument is a folder to write to, or ":PORT" to listen on. Variables make it go on: COPY copies
// the standard input, TERMINAL says how wide the terminal is, SIGNALS waits for signals, STATUS ends with its length.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"
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
	if os.Getenv("COPY") != "" {
		io.Copy(os.Stdout, os.Stdin)
	}
	if os.Getenv("TERMINAL") != "" {
		// Docker's client says how wide it is when the program runs already.
		for tries := 0; tries < 100 && columns() == 0 && isTerminal(); tries++ {
			time.Sleep(50 * time.Millisecond)
		}
		fmt.Println("terminal", isTerminal(), columns())
	}
	if os.Getenv("SIGNALS") != "" {
		waitForSignals()
	}
	if message := os.Getenv("STATUS"); message != "" {
		os.Exit(len(message))
	}
}

func isTerminal() bool {
	var settings syscall.Termios
	_, _, failure := syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TCGETS, uintptr(unsafe.Pointer(&settings)))
	return failure == 0
}

// Of the terminal that is the standard input; 0 where it is none.
func columns() uint16 {
	var size struct{ rows, columns, x, y uint16 }
	_, _, failure := syscall.Syscall(syscall.SYS_IOCTL, 0, syscall.TIOCGWINSZ, uintptr(unsafe.Pointer(&size)))
	if failure != 0 {
		return 0
	}
	return size.columns
}

// Says which come, and ends with status 10 and the signal's number for one that asks for the end.
func waitForSignals() {
	signals := make(chan os.Signal, 10)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGWINCH)
	fmt.Println("waits")
	for got := range signals {
		number := got.(syscall.Signal)
		fmt.Println("got", int(number), columns())
		if number == syscall.SIGTERM || number == syscall.SIGINT || number == syscall.SIGHUP {
			os.Exit(10 + int(number))
		}
	}
}
