//go:build windows

package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"

	"golang.org/x/sys/windows"
)

var errNoProcess = errors.New("there is no such process")

var (
	kernel32          = windows.NewLazySystemDLL("kernel32.dll")
	procFreeConsole   = kernel32.NewProc("FreeConsole")
	procAttachConsole = kernel32.NewProc("AttachConsole")
)

// endGently presses Ctrl-Break in the console of the process, which is all that Windows has for SIGTERM. Not Ctrl-C: a
// process that leads a group has that one switched off, and so have its children. `group` 0 is everybody at that console.
// Returns when the key is pressed; ending is up to the process.
func endGently(pid, group uint32) error {
	procFreeConsole.Call()
	if done, _, err := procAttachConsole.Call(uintptr(pid)); done == 0 {
		if errors.Is(err, windows.ERROR_INVALID_PARAMETER) {
			return fmt.Errorf("process %d: %w", pid, errNoProcess)
		}
		return fmt.Errorf("the console of process %d cannot be reached: %w", pid, err)
	}
	defer procFreeConsole.Call()
	// We are at that console ourselves now, and are not to end.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	if err := windows.GenerateConsoleCtrlEvent(windows.CTRL_BREAK_EVENT, group); err != nil {
		return fmt.Errorf("process %d cannot be asked to end: %w", pid, err)
	}
	return nil
}
