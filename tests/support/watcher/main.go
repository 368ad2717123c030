// SPDX-License-Identifier: Apache-2.0

// A small hot-reload tool, as air is a large one: runs a command, and runs it anew when a file under a folder changes.
package main

import (
	"flag"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// The latest change of any file below the folder.
func latest(folder string) (last time.Time) {
	filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := entry.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
		return nil
	})
	return last
}

func start(words []string) *exec.Cmd {
	command := exec.Command(words[0], words[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Start(); err != nil {
		log.Fatal(err)
	}
	return command
}

func main() {
	folder := flag.String("watch", "/src", "the folder whose changes count")
	state := flag.String("state", "/watcher.state", "a file that is written at each start")
	flag.Parse()
	log.SetFlags(0)
	words := flag.Args()
	if len(words) == 0 {
		words = []string{"/usr/local/bin/server"}
	}
	for {
		seen := latest(*folder)
		if err := os.WriteFile(*state, []byte(seen.String()), 0o644); err != nil {
			log.Fatal(err)
		}
		log.Printf("watching %s as uid %d", *folder, os.Getuid())
		command := start(words)
		for latest(*folder).Equal(seen) {
			time.Sleep(50 * time.Millisecond)
		}
		log.Printf("%s changed", *folder)
		command.Process.Kill()
		command.Wait()
	}
}
