//go:build windows

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/eventlog"
	"golang.org/x/sys/windows/svc/mgr"

	"natsjob-helper/internal/commandline"
)

var errNoService = errors.New("there is no such service")

const (
	startLimit = 90 * time.Second
	// Longer than `service run` waits for the program.
	stopLimit = 40 * time.Second
	// The manager has no call that waits.
	pollEvery = 200 * time.Millisecond
	// After a day without a failure the first delay counts again.
	resetSeconds = 86_400
	// Windows gives services less at a shutdown unless they ask.
	preShutdownMs = 30_000
)

// installService registers the service. It is not started. The folder is made, and closed to others than administrators and the
// account; a copy of this program goes there, as the one that runs now may lie where the account cannot read.
func installService(command commandline.Command) error {
	dir := command.Dir
	if dir == "" {
		dir = filepath.Join(os.Getenv("ProgramData"), "natsjob")
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
	if err := prepareFolder(dir, command.Account, modify); err != nil {
		return err
	}
	helper, err := copySelf(filepath.Join(dir, "service"), command.Account)
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
		Description: command.Description, ServiceStartName: command.Account, DelayedAutoStart: !command.Manual,
	}, words...)
	if err != nil {
		return fmt.Errorf("service %s cannot be registered: %w", command.Name, err)
	}
	defer service.Close()
	if err := setUp(service); err != nil {
		service.Delete()
		return err
	}
	fmt.Printf("Service %s installed, data in %s\n", command.Name, dir)
	return nil
}

// setUp is what CreateService does not take.
func setUp(service *mgr.Service) error {
	restart := func(delay time.Duration) mgr.RecoveryAction {
		return mgr.RecoveryAction{Type: mgr.ServiceRestart, Delay: delay}
	}
	// The last one holds for all further failures.
	if err := service.SetRecoveryActions([]mgr.RecoveryAction{restart(5 * time.Second), restart(30 * time.Second), restart(60 * time.Second)}, resetSeconds); err != nil {
		return fmt.Errorf("recovery actions cannot be set: %w", err)
	}
	if err := service.SetRecoveryActionsOnNonCrashFailures(true); err != nil {
		return fmt.Errorf("recovery actions cannot be switched on: %w", err)
	}
	if err := setPreShutdown(service, preShutdownMs); err != nil {
		return fmt.Errorf("the time for a shutdown cannot be set: %w", err)
	}
	// It may be there from an earlier installation.
	err := eventlog.InstallAsEventCreate(service.Name, eventlog.Error|eventlog.Warning|eventlog.Info)
	if err != nil && !isEventSource(service.Name) {
		return fmt.Errorf("the event log cannot be set up: %w", err)
	}
	return nil
}

func isEventSource(name string) bool {
	key, err := registry.OpenKey(registry.LOCAL_MACHINE, `SYSTEM\CurrentControlSet\Services\EventLog\Application\`+name, registry.QUERY_VALUE)
	if err != nil {
		return false
	}
	key.Close()
	return true
}

// copySelf gives the path of a copy that the account may read and not change.
func copySelf(dir, account string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	if err := prepareFolder(dir, account, readAndExecute); err != nil {
		return "", err
	}
	target := filepath.Join(dir, "natsjob-helper.exe")
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
		return nil
	})
}

// startService returns when the service runs; one that runs already is fine.
func startService(name string) error {
	return withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_START, func(service *mgr.Service) error {
		if err := service.Start(); err != nil && !errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return fmt.Errorf("service %s cannot be started: %w", name, err)
		}
		status, err := waitWhile(service, startLimit, svc.StartPending)
		if err != nil {
			return err
		}
		if status.State != svc.Running {
			return fmt.Errorf("service %s has stopped again with exit code %d; the event log says why (source %s)", name, exitCode(status), name)
		}
		return nil
	})
}

// stopService returns when the service has stopped; one that does not run is fine.
func stopService(name string) error {
	return withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_STOP, stopAndWait)
}

func stopAndWait(service *mgr.Service) error {
	status, err := waitWhile(service, startLimit, svc.StartPending)
	if err != nil {
		return err
	}
	if status.State == svc.Stopped {
		return nil
	}
	if _, err := service.Control(svc.Stop); err != nil && !errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) {
		return fmt.Errorf("service %s cannot be stopped: %w", service.Name, err)
	}
	status, err = waitWhile(service, stopLimit, svc.Running, svc.StopPending)
	if err == nil && status.State != svc.Stopped {
		err = fmt.Errorf("service %s is started again by somebody", service.Name)
	}
	return err
}

// Status is what `service status` prints as one line of JSON.
type Status struct {
	Name      string `json:"name"`
	Installed bool   `json:"installed"`
	// As in sc.exe, in lower case: stopped, start-pending, stop-pending, running, other.
	State string `json:"state,omitempty"`
	// Of the service's own process, whose child the program is.
	Pid uint32 `json:"pid,omitempty"`
	// Of the last run, or 0.
	ExitCode uint32 `json:"exitCode"`
	// automatic, manual, disabled.
	Start   string `json:"start,omitempty"`
	Account string `json:"account,omitempty"`
	Command string `json:"command,omitempty"`
}

func printStatus(name string) (int, error) {
	told := Status{Name: name}
	err := withService(name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_QUERY_CONFIG, func(service *mgr.Service) error {
		status, err := service.Query()
		if err != nil {
			return err
		}
		config, err := service.Config()
		if err != nil {
			return err
		}
		states := map[svc.State]string{svc.Stopped: "stopped", svc.StartPending: "start-pending", svc.StopPending: "stop-pending", svc.Running: "running"}
		starts := map[uint32]string{mgr.StartAutomatic: "automatic", mgr.StartManual: "manual", mgr.StartDisabled: "disabled"}
		told = Status{
			Name: name, Installed: true, State: states[status.State], Pid: status.ProcessId, ExitCode: exitCode(status),
			Start: starts[config.StartType], Account: config.ServiceStartName, Command: config.BinaryPathName,
		}
		if told.State == "" {
			told.State = "other"
		}
		return nil
	})
	if err != nil && !errors.Is(err, errNoService) {
		return exitFailed, err
	}
	line, _ := json.Marshal(told)
	fmt.Println(string(line))
	if !told.Installed {
		return exitMissing, nil
	}
	return 0, nil
}

// The manager's own codes say of a service that ended with one of its own only that it did.
func exitCode(status svc.Status) uint32 {
	if status.Win32ExitCode == uint32(windows.ERROR_SERVICE_SPECIFIC_ERROR) {
		return status.ServiceSpecificExitCode
	}
	if status.Win32ExitCode == uint32(windows.ERROR_SERVICE_NEVER_STARTED) {
		return 0
	}
	return status.Win32ExitCode
}

func waitWhile(service *mgr.Service, limit time.Duration, states ...svc.State) (svc.Status, error) {
	for began := time.Now(); ; time.Sleep(pollEvery) {
		status, err := service.Query()
		if err != nil {
			return status, fmt.Errorf("the state of service %s cannot be read: %w", service.Name, err)
		}
		if !contains(states, status.State) {
			return status, nil
		}
		if time.Since(began) > limit {
			return status, fmt.Errorf("service %s is still changing its state after %v", service.Name, limit)
		}
	}
}

func contains(states []svc.State, state svc.State) bool {
	for _, one := range states {
		if one == state {
			return true
		}
	}
	return false
}

// withService opens the service with no more rights than are needed: to ask needs no administrator.
func withService(name string, access uint32, use func(*mgr.Service) error) error {
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return fmt.Errorf("the service manager cannot be reached: %w", err)
	}
	defer windows.CloseServiceHandle(manager)
	handle, err := windows.OpenService(manager, windows.StringToUTF16Ptr(name), access)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return fmt.Errorf("%s: %w", name, errNoService)
	}
	if err != nil {
		return fmt.Errorf("service %s cannot be opened: %w", name, err)
	}
	service := &mgr.Service{Name: name, Handle: handle}
	defer service.Close()
	return use(service)
}
