//go:build windows

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"

	"natsjob-helper/internal/commandline"
)

const (
	// After a day without a failure the first delay counts again.
	resetSeconds = 86_400
	endLimit     = 5 * time.Second
	helperName   = "natsjob-helper.exe"
	// Windows gives services less at a shutdown unless they ask.
	preShutdownMs = 30_000
)

// installService registers the service; it is not started. It runs a copy of this program, as the one that runs now may lie where
// the account cannot read, and may go with its version.
func installService(command commandline.Command) error {
	dir := command.Dir
	if dir == "" {
		dir = programData(command.Name)
	}
	manager, err := mgr.Connect()
	if err != nil {
		return fmt.Errorf("the service manager cannot be reached: %w", err)
	}
	defer manager.Disconnect()
	if service, err := manager.OpenService(command.Name); err == nil {
		service.Close()
		return fmt.Errorf("service %s is there already; uninstall it first, its data stays", command.Name)
	}
	if err := prepareFolders(dir, command.Name, command.Account); err != nil {
		return err
	}
	helper, err := copySelf(helperFolder(command.Name))
	if err != nil {
		return err
	}
	display := command.Display
	if display == "" {
		display = command.Name
	}
	start := uint32(mgr.StartAutomatic)
	if command.Manual {
		start = mgr.StartManual
	}
	words := append([]string{"service", "run", "--name", command.Name, "--dir", dir, "--"}, command.Program...)
	service, err := manager.CreateService(command.Name, helper, mgr.Config{
		ServiceType: windows.SERVICE_WIN32_OWN_PROCESS, StartType: start, ErrorControl: mgr.ErrorNormal, DisplayName: display,
		Description: command.Description, ServiceStartName: command.Account,
	}, words...)
	if err != nil {
		return fmt.Errorf("service %s cannot be registered: %w", command.Name, err)
	}
	defer service.Close()
	if err := setUp(service, command.Manual); err != nil {
		service.Delete()
		return err
	}
	fmt.Printf("Service %s installed, data in %s\n", command.Name, dir)
	return nil
}

// setUp sets what CreateService does not take. What a system does not know is left out, and said.
func setUp(service *mgr.Service, manual bool) error {
	restart := func(delay time.Duration) mgr.RecoveryAction {
		return mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: delay}
	}
	for _, setting := range []struct {
		name string
		set  func() error
	}{
		// The last one holds for all further failures.
		{"recovery actions", func() error {
			return service.SetRecoveryActions([]mgr.RecoveryAction{restart(5 * time.Second), restart(30 * time.Second), restart(60 * time.Second)}, resetSeconds)
		}},
		{"recovery after an exit code", func() error { return service.SetRecoveryActionsOnNonCrashFailures(true) }},
		{"time to stop at a shutdown", func() error { return setPreShutdown(service, preShutdownMs) }},
		{"delayed start", func() error { return setDelayedStart(service, !manual) }},
		{"source of the event log", func() error { return addEventSource(service.Name) }},
	} {
		err := setting.set()
		if errors.Is(err, windows.ERROR_INVALID_LEVEL) {
			fmt.Fprintf(os.Stderr, "natsjob-helper: this system has no %s, going on without\n", setting.name)
		} else if err != nil {
			return fmt.Errorf("service %s, %s: %w", service.Name, setting.name, err)
		}
	}
	return nil
}

// addEventSource may find it there from an earlier installation.
func addEventSource(name string) error {
	err := eventlog.InstallAsEventCreate(name, eventlog.Error|eventlog.Warning|eventlog.Info)
	if err != nil && isEventSource(name) {
		return nil
	}
	return err
}

func isEventSource(name string) bool {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\EventLog\Application\`+name, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	key.Close()
	return true
}

// helperFolder is apart from the data: the account may not change what the manager starts.
func helperFolder(service string) string {
	return programData("natsjob-service", service)
}

// copySelf gives the path of the copy.
func copySelf(dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	for _, folder := range []string{filepath.Dir(dir), dir} {
		if err := closeFolder(folder, everybodyReads); err != nil {
			return "", err
		}
	}
	target := filepath.Join(dir, helperName)
	if sameFile(self, target) {
		return target, nil
	}
	from, err := os.Open(self)
	if err != nil {
		return "", err
	}
	defer from.Close()
	to, err := os.Create(target)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(to, from)
	return target, errors.Join(err, to.Close())
}

// removeHelper does without when it is that copy that runs. A service has stopped a little before its process ends.
func removeHelper(service string) {
	dir := helperFolder(service)
	file := filepath.Join(dir, helperName)
	err := os.Remove(file)
	for began := time.Now(); err != nil && time.Since(began) < endLimit; err = os.Remove(file) {
		time.Sleep(pollEvery)
	}
	if err = errors.Join(err, os.Remove(dir)); err != nil {
		fmt.Fprintf(os.Stderr, "natsjob-helper: %s stays: %v\n", dir, err)
	}
}

func sameFile(a, b string) bool {
	first, firstErr := os.Stat(a)
	second, secondErr := os.Stat(b)
	return firstErr == nil && secondErr == nil && os.SameFile(first, second)
}

// uninstallService stops the service and removes its registration. Data stays.
func uninstallService(name string) error {
	return withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_STOP|windows.DELETE, func(service *mgr.Service) error {
		if err := stopAndWait(service); err != nil {
			return err
		}
		if err := service.Delete(); err != nil {
			return fmt.Errorf("service %s cannot be removed: %w", name, err)
		}
		eventlog.Remove(name)
		removeHelper(name)
		return nil
	})
}
