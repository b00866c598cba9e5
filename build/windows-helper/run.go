//go:build windows

package main

import (
	"io"
	"os"
	"time"
)

// Longer than natsjob waits before it kills us, and the program with us.
const longestEnd = 20 * time.Second

// runUntilInputCloses runs a console program and gives its exit code. When standard input closes, because whoever started us
// says so or is no more, the program is asked to end; whoever is killed leaves nothing behind in the middle of its work.
func runUntilInputCloses(program []string) (int, error) {
	one, err := startChild(childOptions{program: program})
	if err != nil {
		return exitFailed, err
	}
	closed := make(chan struct{})
	go func() {
		io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	select {
	case code := <-one.ended:
		return code, nil
	case <-closed:
	}
	if err := endGently(one.pid(), one.pid()); err != nil {
		one.kill()
		return exitFailed, err
	}
	select {
	case code := <-one.ended:
		return code, nil
	case <-time.After(longestEnd):
		one.kill()
		return <-one.ended, nil
	}
}
