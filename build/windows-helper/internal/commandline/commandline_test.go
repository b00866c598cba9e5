package commandline

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, one := range []struct {
		line string
		want Command
	}{
		{"ctrl-c 4711", Command{Kind: CtrlC, Pid: 4711}},
		{"run -- nats-server.exe -c a.conf", Command{Kind: Run, Program: []string{"nats-server.exe", "-c", "a.conf"}}},
		{"service status --name natsjob", Command{Kind: ServiceStatus, Name: "natsjob"}},
		{
			`service install --name n --display D --account LocalSystem --dir C:\data --manual -- natsjob.exe serve --name other`,
			Command{Kind: ServiceInstall, Name: "n", Display: "D", Dir: `C:\data`, Manual: true, Program: []string{"natsjob.exe", "serve", "--name", "other"}},
		},
		{`service install --name n -- a.exe`, Command{Kind: ServiceInstall, Name: "n", Account: `NT AUTHORITY\LocalService`, Program: []string{"a.exe"}}},
		{`service install --name n --account .\anna -- a.exe`, Command{Kind: ServiceInstall, Name: "n", Account: `.\anna`, Program: []string{"a.exe"}}},
		// What the program is given is not ours to read, a second -- included.
		{"service run --name n -- a.exe -- --manual", Command{Kind: ServiceRun, Name: "n", Program: []string{"a.exe", "--", "--manual"}}},
	} {
		got, err := Parse(strings.Fields(one.line))
		if err != nil || !reflect.DeepEqual(got, one.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", one.line, got, err, one.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for line, want := range map[string]string{
		"":                                 "nothing to do",
		"dance":                            `no command "dance"`,
		"service":                          `no command "service"`,
		"service dance --name n":           `no command "service dance"`,
		"ctrl-c":                           "one process id",
		"ctrl-c 1 2":                       "one process id",
		"ctrl-c 0":                         `"0" is no process id`,
		"ctrl-c 99999999999":               "is no process id",
		"run nats-server.exe":              "stand after --",
		"run --":                           "needs a program after --",
		"service start":                    "--name must be",
		"service start --name a/b":         "--name must be",
		"service start --name":             "--name needs a value",
		"service start --name n -- a.exe":  "runs no program",
		"service start --name n --manual":  "no option --manual",
		"service install --name -- a.exe":  "--name needs a value",
		"service install --name n":         "needs a program after --",
		"service run --account x -- a.exe": "no option --account",
		`service stop --name n --dir C:\x`: "no option --dir",
	} {
		if _, err := Parse(strings.Fields(line)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want one with %q", line, err, want)
		}
	}
}
