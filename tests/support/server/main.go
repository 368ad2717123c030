// SPDX-License-Identifier: Apache-2.0

// A small real service: what the quick start and the integration tests put into images. It says who it is and what
// it may do, so that a test can see it from outside.
package main

import (
	"errors"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// The statfs flag of a file system that is mounted read-only (statfs(2)).
const mountedReadOnly = 1

func rootState() string {
	var stat syscall.Statfs_t
	if err := syscall.Statfs("/", &stat); err != nil {
		return "unknown (" + err.Error() + ")"
	}
	if stat.Flags&mountedReadOnly != 0 {
		return "read-only"
	}
	return "writable"
}

// Whether this user can create a file in the folder.
func canWrite(folder string) bool {
	file, err := os.CreateTemp(folder, ".probe-")
	if err != nil {
		return false
	}
	file.Close()
	return os.Remove(file.Name()) == nil
}

func describe(response http.ResponseWriter, request *http.Request) {
	if request.URL.Path != "/" {
		http.NotFound(response, request)
		return
	}
	fmt.Fprintf(response, "hello from %s/%s: uid %d, gid %d, root %s\n", runtime.GOOS, runtime.GOARCH, os.Getuid(), os.Getgid(), rootState())
}

func healthy(response http.ResponseWriter, _ *http.Request) { fmt.Fprintln(response, "ok") }

func writable(response http.ResponseWriter, request *http.Request) {
	fmt.Fprintln(response, canWrite(request.URL.Query().Get("folder")))
}

func content(response http.ResponseWriter, request *http.Request) {
	http.ServeFile(response, request, request.URL.Query().Get("path"))
}

func defaultAddress() string {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	return ":" + port
}

func main() {
	address := flag.String("listen", defaultAddress(), "host:port to listen on; port 0 takes a free one")
	flag.Parse()
	log.SetFlags(0)

	mux := http.NewServeMux()
	mux.HandleFunc("/", describe)
	mux.HandleFunc("/healthz", healthy)
	mux.HandleFunc("/writable", writable)
	mux.HandleFunc("/file", content)

	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		server.Close()
	}()
	// The line that a script waits for.
	log.Printf("listening on http://%s", strings.Replace(listener.Addr().String(), "[::]", "127.0.0.1", 1))
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
