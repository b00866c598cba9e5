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
	kernel32                  = windows.NewLazySystemDLL("kernel32.dll")
	procFreeConsole           = kernel32.NewProc("FreeConsole")
	procAttachConsole         = kernel32.NewProc("AttachConsole")
	procSetConsoleCtrlHandler = kernel32.NewProc("SetConsoleCtrlHandler")
)

// endForeign asks any console program to end. Ctrl-Break first: Ctrl-C may be switched off in a process, which is inherited.
func endForeign(pid uint32) error {
	if press(pid, windows.CTRL_BREAK_EVENT) == nil {
		return nil
	}
	return press(pid, windows.CTRL_C_EVENT)
}

// press presses a key in the console of the process, which is all that Windows has for SIGTERM. Everybody at that console
// notices. Returns when it is pressed; ending is up to the process.
func press(pid uint32, key uint32) error {
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
	setCtrlC(ignored)
	if err := windows.GenerateConsoleCtrlEvent(key, 0); err != nil {
		return fmt.Errorf("process %d cannot be asked to end: %w", pid, err)
	}
	return nil
}

// setCtrlC switches Ctrl-C on or off for us and what we start from then on: Node starts its children so that it is off.
func setCtrlC(how uintptr) {
	procSetConsoleCtrlHandler.Call(0, how)
}

const (
	heeded  = 0
	ignored = 1
)
