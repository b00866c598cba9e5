//go:build windows

package main

import (
	"io"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

const (
	// Then the other key is pressed: for a program that heeds only that one.
	firstEnd = 5 * time.Second
	// Longer than natsjob waits before it kills us, and the program with us.
	lastEnd = 15 * time.Second
)

// runUntilInputCloses runs a console program and gives its exit code. When standard input closes, because whoever started us
// says so or is no more, the program is asked to end: so a natsjob that is killed does not take its NATS server down mid-work.
func runUntilInputCloses(program []string) (int, error) {
	one, err := startChild(childOptions{program: program})
	if err != nil {
		return exitFailed, err
	}
	defer one.untilAlone(lastEnd)
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
	for _, step := range []struct {
		key  uint32
		wait time.Duration
	}{{windows.CTRL_C_EVENT, firstEnd}, {windows.CTRL_BREAK_EVENT, lastEnd}} {
		if err = press(one.pid(), step.key); err != nil {
			continue
		}
		select {
		case code := <-one.ended:
			return code, nil
		case <-time.After(step.wait):
		}
	}
	one.kill()
	return <-one.ended, err
}
