// Package commandline reads what the helper was called with. Pure: it can be tested anywhere.
package commandline

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Usage is what a wrong command line is answered with.
const Usage = `natsjob-helper does for natsjob on Windows what Node cannot.

  natsjob-helper ctrl-c <pid>                      asks a console program to end in order
  natsjob-helper run -- <program> [argument…]      runs it until standard input closes, then asks it to end
  natsjob-helper service install --name <name> [--display <text>] [--description <text>] [--account <account>]
                                 [--dir <folder>] [--manual] -- <program> [argument…]
  natsjob-helper service uninstall|start|stop|status --name <name>
  natsjob-helper service run --name <name> [--dir <folder>] -- <program> [argument…]
                                 what the service manager starts: running as of the first line on the program's standard
                                 output, stopped by closing its standard input

Exit codes: 0 done, 1 failed, 2 wrong command line, 3 no such process or service, 4 needs an administrator;
of run: those of the program.`

// Kind is what is to be done: the words that are no option.
type Kind string

const (
	CtrlC            Kind = "ctrl-c"
	Run              Kind = "run"
	ServiceInstall   Kind = "service install"
	ServiceUninstall Kind = "service uninstall"
	ServiceStart     Kind = "service start"
	ServiceStop      Kind = "service stop"
	ServiceStatus    Kind = "service status"
	ServiceRun       Kind = "service run"
)

// Command is a command line that makes sense. Fields that its kind does not use are empty.
type Command struct {
	Kind        Kind
	Pid         uint32
	Name        string
	Display     string
	Description string
	// Account is as the service manager wants it; empty is LocalSystem.
	Account string
	// Dir is the service's folder and the program's working folder; empty: the default.
	Dir    string
	Manual bool
	// Program and its arguments.
	Program []string
}

// The options with a value of each kind; --manual is the only switch.
var options = map[Kind][]string{
	CtrlC:            {},
	Run:              {},
	ServiceInstall:   {"--name", "--display", "--description", "--account", "--dir"},
	ServiceUninstall: {"--name"},
	ServiceStart:     {"--name"},
	ServiceStop:      {"--name"},
	ServiceStatus:    {"--name"},
	ServiceRun:       {"--name", "--dir"},
}

// Parse reads the words after the program's own name. The error is one sentence for the person who wrote them.
func Parse(words []string) (Command, error) {
	command := Command{}
	switch {
	case len(words) == 0:
		return command, fmt.Errorf("nothing to do was given")
	case words[0] == "service" && len(words) > 1:
		command.Kind, words = Kind("service "+words[1]), words[2:]
	default:
		command.Kind, words = Kind(words[0]), words[1:]
	}
	known, isKnown := options[command.Kind]
	if !isKnown {
		return command, fmt.Errorf("there is no command %q", command.Kind)
	}
	values := map[string]string{}
	plain := []string{}
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		switch {
		case word == "--":
			command.Program, words = words, nil
		case word == "--manual" && command.Kind == ServiceInstall:
			command.Manual = true
		case slices.Contains(known, word):
			if len(words) == 0 || words[0] == "--" {
				return command, fmt.Errorf("%s needs a value", word)
			}
			values[word], words = words[0], words[1:]
		case strings.HasPrefix(word, "-"):
			return command, fmt.Errorf("%s has no option %s", command.Kind, word)
		default:
			plain = append(plain, word)
		}
	}
	command.Name, command.Dir = values["--name"], values["--dir"]
	command.Display, command.Description = values["--display"], values["--description"]
	if command.Kind == ServiceInstall {
		command.Account = accountName(values["--account"])
	}
	return command, command.check(plain)
}

func (command *Command) check(plain []string) error {
	if command.Kind == CtrlC {
		if len(plain) != 1 {
			return fmt.Errorf("ctrl-c needs one process id")
		}
		pid, err := strconv.ParseUint(plain[0], 10, 32)
		if err != nil || pid == 0 {
			return fmt.Errorf("%q is no process id", plain[0])
		}
		command.Pid = uint32(pid)
		plain = nil
	}
	if len(plain) > 0 {
		return fmt.Errorf("%s takes no %q; the program and its arguments stand after --", command.Kind, plain[0])
	}
	isService := strings.HasPrefix(string(command.Kind), "service ")
	if isService && !isServiceName(command.Name) {
		return fmt.Errorf("--name must be 1 to 80 letters, digits, - and _, not %q", command.Name)
	}
	takesProgram := command.Kind == Run || command.Kind == ServiceRun || command.Kind == ServiceInstall
	if takesProgram && len(command.Program) == 0 {
		return fmt.Errorf("%s needs a program after --", command.Kind)
	}
	if !takesProgram && command.Program != nil {
		return fmt.Errorf("%s runs no program", command.Kind)
	}
	return nil
}

// A service is a key of the registry and a source of the event log.
func isServiceName(name string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	return name != "" && len(name) <= 80 && strings.Trim(name, allowed) == ""
}

// The three accounts without a password have short names. The default is the one that may do least.
func accountName(given string) string {
	switch strings.ToLower(given) {
	case "", "localservice":
		return `NT AUTHORITY\LocalService`
	case "networkservice":
		return `NT AUTHORITY\NetworkService`
	case "localsystem":
		return ""
	}
	return given
}
